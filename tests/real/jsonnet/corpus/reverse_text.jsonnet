function(ctx) std.reverse(ctx.text)
