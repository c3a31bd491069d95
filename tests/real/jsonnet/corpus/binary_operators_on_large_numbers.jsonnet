function(ctx) [n | 0 for n in ctx.numbers]
