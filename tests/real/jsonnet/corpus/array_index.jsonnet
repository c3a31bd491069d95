function(ctx) [ctx.list[0], ctx.words[std.length(ctx.words) - 1]]
