function(ctx) local a = nobody; 1
