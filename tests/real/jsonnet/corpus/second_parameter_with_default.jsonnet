function(ctx, other='x') [other, std.type(ctx)]
