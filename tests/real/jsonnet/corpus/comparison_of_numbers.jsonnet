function(ctx) [[a < b, a <= b, a == b] for a in ctx.numbers for b in ctx.numbers]
