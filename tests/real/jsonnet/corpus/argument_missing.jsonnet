local f(a, b) = a;
function(ctx) f(1)
