function(ctx, other) ctx
