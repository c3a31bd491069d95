function(ctx) '%s and %s' % ['one']
