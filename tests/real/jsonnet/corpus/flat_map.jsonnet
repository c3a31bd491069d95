function(ctx) [std.flatMap(function(word) [word, word], ctx.words), std.flatMap(function(c) c + c, ctx.text)]
