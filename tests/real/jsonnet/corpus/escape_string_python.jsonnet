function(ctx) [std.escapeStringPython(word) for word in ctx.words + [ctx.text]]
