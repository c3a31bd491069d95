function(ctx) [ctx.text[1:3], ctx.text[:2], ctx.text[::2], ctx.text[-2:], 'jsonnet'[2:5]]
