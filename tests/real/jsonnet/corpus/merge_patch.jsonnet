function(ctx) [
  std.mergePatch(ctx.object, { a: null, new: { deep: [1, null] } }),
  std.mergePatch({ a: { b: 1, c: 2 } }, { a: { b: null } }),
  std.mergePatch({ a: 1 }, [1]),
  std.mergePatch([1], { a: 1 }),
]
