function(ctx) std.deepJoin(['a', [ctx.words, ['b', []]], 'c'])
