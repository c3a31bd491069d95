function(ctx) { a: $ }
