function(ctx) [std.base64(ctx.text), std.base64([0, 255, 128, 10]), std.base64('')]
