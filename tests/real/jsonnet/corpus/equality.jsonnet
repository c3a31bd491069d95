function(ctx) [ctx == ctx, ctx.list == ctx.list + [], ctx.object != {}, 'a' == 1, null == false, [] == {}, { a: 1, b:: 2 } == { a: 1 }]
