function(ctx) std.thereIsNoSuchFunction(1)
