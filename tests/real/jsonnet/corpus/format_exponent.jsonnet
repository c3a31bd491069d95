function(ctx) ['%e' % n for n in ctx.numbers]
