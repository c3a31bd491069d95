function(ctx) [std.md5(ctx.text), std.sha1(ctx.text), std.sha256(ctx.text), std.sha512(ctx.text), std.sha3(ctx.text)]
