function(ctx) error ''
