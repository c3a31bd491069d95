function(ctx) std.manifestIni({ main: { a: 1, t: ctx.text }, sections: { s: { b: ['x', 'y'], c: true } } })
