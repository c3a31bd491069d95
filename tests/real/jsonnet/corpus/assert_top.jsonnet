function(ctx)
  assert std.isString(ctx.text) : 'no text';
  ctx.text
