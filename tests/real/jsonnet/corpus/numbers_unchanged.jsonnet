function(ctx) ctx.numbers
