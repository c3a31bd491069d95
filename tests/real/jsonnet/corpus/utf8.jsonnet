function(ctx) [std.encodeUTF8(ctx.text), std.decodeUTF8(std.encodeUTF8(ctx.text)), std.decodeUTF8([255, 65])]
