function(ctx) [1] + ctx.list + [[]] + []
