function(ctx) std.parseInt('1.5')
