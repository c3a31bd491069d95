function(ctx, event, stage='live') { id: ctx.identity.id, event: event, stage: stage }
