function(ctx) std.parseInt(' 1')
