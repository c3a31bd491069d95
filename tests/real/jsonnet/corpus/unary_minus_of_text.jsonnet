function(ctx) -ctx.text
