function(ctx) [std.slice(ctx.words, 0, 2, 1), std.slice('jsonnet', 0, 4, 2), std.slice('jsonnet', null, null, 3), std.slice('jsonnet', -3, null, null)]
