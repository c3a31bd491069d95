function(ctx) 'hundred %' % []
