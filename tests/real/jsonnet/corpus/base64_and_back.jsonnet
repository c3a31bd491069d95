function(ctx) [std.base64Decode(std.base64(word)) for word in ctx.words]
