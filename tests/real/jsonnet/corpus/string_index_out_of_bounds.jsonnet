function(ctx) 'abc'[3]
