function(ctx) [if ctx.flag then 1, if !ctx.flag then 1]
