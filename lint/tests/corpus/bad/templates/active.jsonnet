function(ctx) { method: ctx.flow.active }
