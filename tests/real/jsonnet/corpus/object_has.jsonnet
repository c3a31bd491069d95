function(ctx) [std.objectHas(ctx, 'text'), std.objectHas(ctx, 'absent'), std.objectHas({ a:: 1 }, 'a'), std.objectHasAll({ a:: 1 }, 'a'), std.objectHasEx({ a:: 1 }, 'a', true)]
