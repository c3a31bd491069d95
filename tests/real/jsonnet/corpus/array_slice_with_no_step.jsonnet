function(ctx) ctx.words[0:3:0]
