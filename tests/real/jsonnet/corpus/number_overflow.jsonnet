function(ctx) 1e308 * 10
