function(ctx) 1 << -1
