function(ctx) { [1]: 2 }
