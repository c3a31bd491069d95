function(ctx) [std.minArray(ctx.numbers), std.maxArray(ctx.numbers), std.sum(ctx.numbers), std.avg(ctx.numbers)]
