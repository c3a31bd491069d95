function(ctx) std.prune({ a:: 1, b: { c:: 1 } })
