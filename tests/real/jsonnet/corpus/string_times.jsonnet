function(ctx) 'a' * 3
