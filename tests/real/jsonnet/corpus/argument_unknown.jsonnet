local f(a) = a;
function(ctx) f(b=1)
