function(ctx) std.startsWith(null, 'a')
