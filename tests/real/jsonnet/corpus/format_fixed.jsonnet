function(ctx) ['%f|%.0f|%.3f|%10.2f|%-10.2f|%+.1f|%010.3f' % [n, n, n, n, n, n, n] for n in ctx.numbers]
