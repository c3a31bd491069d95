function(ctx) error 'please cancel'
