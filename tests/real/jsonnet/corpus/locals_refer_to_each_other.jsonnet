function(ctx) local a = b + 1, b = c + 1, c = 1; [a, b, c]
