function(ctx) std.char(-1)
