function(ctx) std.isOdd(-3)
