function(ctx) std.parseJson('{} x')
