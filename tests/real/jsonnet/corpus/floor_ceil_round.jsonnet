function(ctx) [[std.floor(n), std.ceil(n), std.round(n)] for n in ctx.numbers]
