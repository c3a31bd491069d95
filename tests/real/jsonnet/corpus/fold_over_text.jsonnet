function(ctx) std.foldl(function(a, c) a + std.codepoint(c), ctx.text, 0)
