function(ctx) { id: ctx.flow.id }
