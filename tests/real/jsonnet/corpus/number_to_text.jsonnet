function(ctx) [std.toString(n) for n in ctx.numbers] + ['' + n for n in ctx.numbers]
