function(ctx) std.trace('traced ' + ctx.text, { a: 1 })
