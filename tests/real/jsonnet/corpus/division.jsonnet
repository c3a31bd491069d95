function(ctx) [n / 3 for n in ctx.numbers]
