function(ctx) (function(x) x) == (function(x) x)
