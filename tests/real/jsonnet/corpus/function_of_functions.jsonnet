local twice(f) = function(x) f(f(x));
function(ctx) [twice(function(x) x + '!')(word) for word in ctx.words]
