function(ctx) std.minArray([])
