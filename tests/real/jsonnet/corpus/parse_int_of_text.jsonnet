function(ctx) std.parseInt(ctx.text)
