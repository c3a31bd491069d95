function(ctx) std.get(null, 'a')
