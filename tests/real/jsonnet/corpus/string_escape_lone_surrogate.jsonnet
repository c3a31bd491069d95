function(ctx) '\ud800'
