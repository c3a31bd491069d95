function(ctx) '%s' % ['one', 'two']
