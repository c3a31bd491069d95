function(ctx) [std.toString(ctx.object), std.toString(ctx.list), std.toString(ctx.flag), std.toString(ctx.text), std.toString(null)]
