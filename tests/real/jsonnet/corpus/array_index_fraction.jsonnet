function(ctx) ctx.list[0.5]
