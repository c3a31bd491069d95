function(ctx) local c = ctx; { event: 'registered', data: c }
