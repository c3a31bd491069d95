function(ctx) ['%g|%.3g|%G' % [n, n, n] for n in ctx.numbers]
