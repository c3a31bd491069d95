function(ctx) [1, error 'never evaluated'][0]
