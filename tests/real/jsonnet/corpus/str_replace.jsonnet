function(ctx) [std.strReplace(ctx.text, ' ', '_'), std.strReplace('aaa', 'a', 'aa'), std.strReplace('x', 'y', 'z')]
