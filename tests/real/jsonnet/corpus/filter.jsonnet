function(ctx) std.filter(function(word) std.length(word) > 1, ctx.words)
