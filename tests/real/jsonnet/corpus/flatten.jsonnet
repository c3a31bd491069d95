function(ctx) [std.flattenArrays([[1], [], [2, [3]]]), std.flattenDeepArray([1, [2, [3, [[ctx.list]]]]])]
