function(ctx) '%q' % [1]
