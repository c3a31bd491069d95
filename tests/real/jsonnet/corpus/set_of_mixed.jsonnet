function(ctx) std.set(ctx.list)
