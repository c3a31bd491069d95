function(ctx) '%d' % 'x'
