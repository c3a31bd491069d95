function(ctx) { local n = std.length(word), [word]: n for word in ctx.words }
