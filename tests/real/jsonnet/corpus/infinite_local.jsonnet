function(ctx) local x = x; x
