function(ctx) [std.reverse(ctx.words), std.reverse([])]
