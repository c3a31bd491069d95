function(ctx) ['text' in ctx, 'absent' in ctx, 'a' in { a:: 1 }, !('x' in ctx.object)]
