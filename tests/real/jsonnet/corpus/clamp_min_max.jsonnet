function(ctx) [[std.clamp(n, -5, 5), std.max(n, 0), std.min(n, 0)] for n in ctx.numbers]
