function(ctx) std.manifestJson({ f: function(x) x })
