function(ctx) error 'no'
