function(ctx) [std.remove(ctx.words, 'a'), std.removeAt([1, 2, 3], 1), std.remove([1, 2, 1], 1)]
