function(ctx) std.base64Decode('/w==')
