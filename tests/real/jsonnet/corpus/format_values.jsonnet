function(ctx) ['%s' % [ctx.flag], '%s' % [ctx.list], '%s' % [ctx.object], '%s' % null, std.format('%s', [ctx.numbers])]
