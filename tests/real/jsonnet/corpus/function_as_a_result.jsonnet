function(ctx) function(x) x
