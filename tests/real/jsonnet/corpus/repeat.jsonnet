function(ctx) [std.repeat(ctx.text, 2), std.repeat(ctx.words, 2), std.repeat('x', 0), std.repeat([], 3)]
