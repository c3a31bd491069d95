function(ctx) { [word]: true for word in ctx.words }
