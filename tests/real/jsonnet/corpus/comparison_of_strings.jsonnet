function(ctx) [[a < b, a >= b] for a in ctx.words for b in ctx.words]
