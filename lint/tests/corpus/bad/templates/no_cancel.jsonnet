function(ctx) if ctx.identity.state == 'inactive' then error 'Cancel' else if ctx.flow.type == 'api' then error ' cancel: an app' else { id: ctx.identity.id }
