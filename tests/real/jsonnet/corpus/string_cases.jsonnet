function(ctx) [[std.asciiLower(word), std.asciiUpper(word), std.equalsIgnoreCase(word, 'ANN')] for word in ctx.words + [ctx.text]]
