function(ctx) ctx.list[-1]
