function(ctx) std.sort([true, false])
