function(ctx) [std.split(ctx.text, ' '), std.split('a,b,,c', ','), std.split('', ','), std.splitLimit('a,b,c', ',', 1), std.splitLimitR('a,b,c', ',', 1), std.splitLimit('a,b', ',', -1)]
