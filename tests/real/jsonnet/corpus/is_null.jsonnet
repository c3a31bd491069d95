function(ctx) std.isNull(null)
