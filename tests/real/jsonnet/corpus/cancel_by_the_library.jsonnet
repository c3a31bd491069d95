function(ctx) std.parseInt('cancel')
