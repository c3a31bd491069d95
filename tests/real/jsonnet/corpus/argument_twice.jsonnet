local f(a) = a;
function(ctx) f(1, a=2)
