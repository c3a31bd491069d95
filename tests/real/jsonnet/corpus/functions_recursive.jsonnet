local fibonacci(n) = if n < 2 then n else fibonacci(n - 1) + fibonacci(n - 2);
function(ctx) [fibonacci(n) for n in std.range(0, 12)]
