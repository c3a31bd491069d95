local f(x) = 1 + f(x);
function(ctx) f(1)
