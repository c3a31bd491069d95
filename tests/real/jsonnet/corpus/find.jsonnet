function(ctx) [std.find('a', ctx.words), std.findSubstr('a', ctx.text), std.findSubstr('aa', 'aaaa')]
