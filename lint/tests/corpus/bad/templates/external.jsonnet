function(ctx) { id: ctx.identity.id, stage: std.extVar('stage') }
