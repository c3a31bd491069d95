function(ctx)
  local reason = 'cancel: %s' % ctx.text;
  if std.length(ctx.words) > 0 then error reason else {}
