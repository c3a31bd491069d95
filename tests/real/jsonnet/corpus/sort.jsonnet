function(ctx) [std.sort(ctx.words), std.sort(ctx.words, function(word) -std.length(word)), std.sort([[2, 'b'], [1, 'c'], [1, 'a']])]
