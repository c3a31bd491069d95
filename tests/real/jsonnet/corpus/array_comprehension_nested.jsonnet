function(ctx) [a + b for a in ctx.words for b in ['-', '+'] if a != '']
