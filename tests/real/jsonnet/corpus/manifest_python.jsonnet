function(ctx) [std.manifestPython(ctx.object), std.manifestPythonVars({ x: ctx.list, y: true, z: null })]
