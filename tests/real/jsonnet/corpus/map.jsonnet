function(ctx) [std.map(std.length, ctx.words), std.mapWithIndex(function(i, word) [i, word], ctx.words), std.map(function(c) c + '.', ctx.text)]
