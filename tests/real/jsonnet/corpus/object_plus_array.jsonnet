function(ctx) {} + []
