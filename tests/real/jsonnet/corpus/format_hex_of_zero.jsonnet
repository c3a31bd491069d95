function(ctx) '%#x' % 0
