function(ctx) std.filterMap(function(n) n > 0, function(n) n * 2, ctx.numbers)
