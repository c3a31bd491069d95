function(ctx) ctx.surely_not_there
