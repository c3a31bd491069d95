function(ctx) [std.range(1, 3), std.range(0, 0), std.range(2, 1), std.range(-2, 2)]
