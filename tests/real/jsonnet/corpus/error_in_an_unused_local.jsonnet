function(ctx) local unused = error 'cancel'; { a: 1 }
