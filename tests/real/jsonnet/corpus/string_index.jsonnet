function(ctx) [ctx.text[0], ctx.text[std.length(ctx.text) - 1]]
