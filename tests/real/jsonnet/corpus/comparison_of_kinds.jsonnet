function(ctx) 1 < 'a'
