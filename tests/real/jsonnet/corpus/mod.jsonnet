function(ctx) [std.mod(n, 7) for n in ctx.numbers] + [std.mod('%s', 'x'), std.modulo(-7, 3)]
