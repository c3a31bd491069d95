function(ctx) std.length(1)
