function(ctx) std.manifestYamlDoc({ a: 1, b: [ctx.flag, null], c: { d: 'x: y', e: 'line\nline\n', f: '' }, yes: 'no' })
