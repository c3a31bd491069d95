function(ctx) std.parseInt('')
