function(ctx) { a: 1, a: 2 }
