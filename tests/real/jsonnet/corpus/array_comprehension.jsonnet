function(ctx) [{ n: n, half: n / 2 } for n in ctx.numbers if n > 0]
