function(ctx) 1 && true
