function(ctx) error ' cancel'
