function(ctx) ctx.identity.metadata_public.plan.name
