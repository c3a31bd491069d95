function(ctx) std.manifestTomlEx({ a: 1, b: [1, 2], c: { d: ctx.text }, e: [{ f: 1 }, { f: 2 }] }, '  ')
