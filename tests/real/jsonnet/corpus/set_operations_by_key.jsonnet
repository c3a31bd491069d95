local key(x) = x.k;
function(ctx) [
  std.set([{ k: 2 }, { k: 1 }, { k: 2, again: true }], key),
  std.setUnion([{ k: 1 }], [{ k: 1, b: 1 }, { k: 2 }], keyF=key),
  std.setDiff([{ k: 1 }, { k: 2 }], [{ k: 2 }], keyF=key),
]
