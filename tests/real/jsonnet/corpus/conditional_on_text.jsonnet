function(ctx) if ctx.text then 1 else 2
