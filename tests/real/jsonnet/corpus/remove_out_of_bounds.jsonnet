function(ctx) std.removeAt([1], 5)
