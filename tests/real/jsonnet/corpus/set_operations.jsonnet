function(ctx)
  local a = std.set(ctx.words), b = std.set(['a', 'b', 'zebra']);
  [a, std.setUnion(a, b), std.setInter(a, b), std.setDiff(a, b), std.setMember('a', b)]
