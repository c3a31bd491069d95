function(ctx) [std.substr(ctx.text, 0, 3), std.substr(ctx.text, 1, 1000), std.substr('abc', 5, 1), std.substr('abc', 1, 0)]
