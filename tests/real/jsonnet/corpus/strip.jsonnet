function(ctx) [std.stripChars('  x  ', ' '), std.lstripChars('aabcaa', 'ab'), std.rstripChars('aabcaa', 'a'), std.trim(ctx.text), std.trim(' \t\r\n x \u00a0')]
