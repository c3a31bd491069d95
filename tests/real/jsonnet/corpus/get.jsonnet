function(ctx) [
  std.get(ctx, 'text'),
  std.get(ctx, 'absent'),
  std.get(ctx, 'absent', 'default'),
  std.get({ a:: 1 }, 'a'),
  std.get({ a:: 1 }, 'a', 2, false),
  std.get(ctx.identity.traits, 'name', {}),
]
