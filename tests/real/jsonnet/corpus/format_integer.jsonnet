function(ctx) ['%d|%5d|%-5d|%05d|%+d|% d|%i|%u' % [n, n, n, n, n, n, n, n] for n in ctx.numbers]
