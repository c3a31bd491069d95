function(ctx) std.char(1114112)
