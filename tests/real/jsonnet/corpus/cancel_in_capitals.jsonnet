function(ctx) error 'Cancel'
