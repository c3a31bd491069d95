function(ctx) std.lines(ctx.words)
