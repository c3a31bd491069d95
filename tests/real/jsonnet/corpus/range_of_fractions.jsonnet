function(ctx) std.range(0.5, 2.5)
