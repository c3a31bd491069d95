function(ctx) [std.foldl(function(a, b) a + ',' + b, ctx.words, ''), std.foldr(function(a, b) a + ',' + b, ctx.words, '')]
