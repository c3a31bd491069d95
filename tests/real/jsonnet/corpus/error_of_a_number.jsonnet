function(ctx) error 1
