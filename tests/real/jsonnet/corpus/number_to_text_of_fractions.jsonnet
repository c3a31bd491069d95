function(ctx) 'you owe ' + 0.1 + ', %s' % 19.99
