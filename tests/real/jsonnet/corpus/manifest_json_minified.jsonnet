function(ctx) std.manifestJsonMinified(ctx)
