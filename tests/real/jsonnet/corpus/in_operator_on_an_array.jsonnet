function(ctx) 'a' in ['a']
