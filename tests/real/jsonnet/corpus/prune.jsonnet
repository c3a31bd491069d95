function(ctx) std.prune({ a: null, b: [], c: {}, d: { e: null, f: [null, {}] }, g: 0, h: '', i: false, j: ctx.list, k: ctx.object })
