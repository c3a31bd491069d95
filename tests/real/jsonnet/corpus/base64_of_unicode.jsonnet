function(ctx) std.base64('Grüße, 世界')
