function(ctx) std.repeat('x', -1)
