function(ctx) [std.member(ctx.words, 'a'), std.contains(ctx.words, 'zebra'), std.member('abc', 'b'), std.count(ctx.words, 'a')]
