function(ctx) { [key]: ctx[key] for key in std.objectFields(ctx) }
