function(ctx) 1e999
