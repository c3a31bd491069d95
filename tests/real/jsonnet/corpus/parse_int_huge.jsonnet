function(ctx) std.parseInt('99999999999999999999')
