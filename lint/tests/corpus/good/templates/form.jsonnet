function(ctx) { id: ctx.identity.id, email: ctx.identity.traits.email }
