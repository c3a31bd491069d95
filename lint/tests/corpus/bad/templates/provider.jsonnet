function(ctx) { provider: ctx.identity.metadata_public.provider }
