function(ctx) local a = b + 1, b = a + 1; a
