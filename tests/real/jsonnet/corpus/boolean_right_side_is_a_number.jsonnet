function(ctx) true && 1
