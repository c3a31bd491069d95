function(ctx) { id: ctx.identity.id, since: std.get(ctx.identity, 'created_at'), all: ctx.identity }
