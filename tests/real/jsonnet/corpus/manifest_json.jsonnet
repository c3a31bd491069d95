function(ctx) [std.manifestJson(ctx.object), std.manifestJson([]), std.manifestJson({}), std.manifestJson({ a: [], b: {} })]
