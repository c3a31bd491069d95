function(ctx) [std.objectKeysValues(ctx.object), std.objectValues(ctx.object), std.objectValuesAll({ a:: 1 })]
