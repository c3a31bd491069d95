function(ctx) std.join(',', ctx.numbers)
