function(ctx) error 'cancel'
