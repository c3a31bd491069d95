function(ctx) std.manifestJsonMinified(ctx.numbers)
