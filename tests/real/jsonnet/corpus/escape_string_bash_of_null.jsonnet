function(ctx) std.escapeStringBash(null)
