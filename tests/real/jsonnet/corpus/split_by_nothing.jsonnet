function(ctx) std.split('abc', '')
