function(ctx) std.mapWithKey(function(key, value) [key, value], ctx.object)
