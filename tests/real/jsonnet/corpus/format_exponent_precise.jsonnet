function(ctx) ['%.3e|%E|%12.2e|%-12.1e|%+e' % [n, n, n, n, n] for n in ctx.numbers]
