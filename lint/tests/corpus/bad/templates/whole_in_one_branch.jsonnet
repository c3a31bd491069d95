function(ctx) if ctx.flow.type == 'api' then { id: ctx.identity.id } else ctx
