function(ctx) 1 / 0
