function(ctx) '\q'
