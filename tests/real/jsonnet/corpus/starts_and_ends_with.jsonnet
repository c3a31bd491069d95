function(ctx) [[std.startsWith(word, 'a'), std.endsWith(word, 'z'), std.startsWith(word, '')] for word in ctx.words]
