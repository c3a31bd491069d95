function(ctx) { data: std.manifestJson(ctx) }
