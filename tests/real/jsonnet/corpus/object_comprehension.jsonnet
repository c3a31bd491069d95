function(ctx) { [key]: std.type(ctx.object[key]) for key in std.objectFields(ctx.object) if key != 'b' }
