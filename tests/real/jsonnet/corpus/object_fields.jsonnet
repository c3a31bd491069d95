function(ctx) [std.objectFields(ctx.object), std.objectFieldsAll({ b:: 1, a: 2 }), std.objectFields({ b:: 1, a: 2 })]
