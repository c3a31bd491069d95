function(ctx) std.stringChars(ctx.text)
