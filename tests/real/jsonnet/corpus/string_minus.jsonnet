function(ctx) ctx.text - 'a'
