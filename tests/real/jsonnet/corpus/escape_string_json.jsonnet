function(ctx) [std.escapeStringJson(word) for word in ctx.words + [ctx.text]]
