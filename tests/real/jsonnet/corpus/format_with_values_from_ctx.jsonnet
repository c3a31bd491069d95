function(ctx) std.format(ctx.text, ctx.words)
