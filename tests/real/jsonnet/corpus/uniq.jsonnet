function(ctx) [std.uniq(['a', 'a', 'b', 'a']), std.uniq(std.sort(ctx.words)), std.uniq([{ k: 1 }, { k: 1.0 }], function(x) x.k)]
