function(ctx) std.parseHex('xyz')
