function(ctx) std.sort([1, 'a'])
