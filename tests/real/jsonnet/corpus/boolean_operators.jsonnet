function(ctx) [ctx.flag && true, ctx.flag || false, !ctx.flag, false && error 'x', true || error 'x']
