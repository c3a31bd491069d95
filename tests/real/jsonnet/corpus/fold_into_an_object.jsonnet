function(ctx) std.foldl(function(all, word) all + { [word]+: { seen: true } }, ctx.words, {})
