function(ctx) [std.length(ctx.text), std.length(ctx.words), std.length(ctx.object), std.length({ a:: 1 }), std.length(function(a, b) a)]
