local base = { a: 1, b: 2 };
function(ctx) base { [key]: super[key] + 1 for key in ['a', 'b'] }
