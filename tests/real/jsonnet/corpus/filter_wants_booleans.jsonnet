function(ctx) std.filter(function(word) word, ctx.words)
