function(ctx) std.objectHas(ctx.identity.metadata_public, 'x')
