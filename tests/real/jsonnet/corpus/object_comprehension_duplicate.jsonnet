function(ctx) { [word]: 1 for word in ['a', 'a'] }
