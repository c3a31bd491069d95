function(ctx) std.sort(ctx.numbers)
