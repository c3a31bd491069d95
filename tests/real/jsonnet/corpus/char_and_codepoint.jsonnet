function(ctx) [[std.codepoint(c), std.char(std.codepoint(c))] for c in std.stringChars(ctx.text)]
