local x = 1;
function(ctx) local y = x + 1, x = 10; { local x = 100, a: x, b: y, [std.toString(y)]: { local x = 5, c: x } }
