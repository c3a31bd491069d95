function(ctx) [ctx.words[1:], ctx.words[:2], ctx.words[::2], ctx.words[1:3], ctx.words[5:1], ctx.words[:], ctx.words[-2:]]
