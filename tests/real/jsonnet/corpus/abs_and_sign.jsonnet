function(ctx) [[std.abs(n), std.sign(n)] for n in ctx.numbers]
