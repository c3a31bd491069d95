function(ctx) std.base64([256])
