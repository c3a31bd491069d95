local reason = 'not needed';
function(ctx)
  assert std.isObject(ctx.identity) : 'no identity';
  if ctx.flow.type == 'api' then error 'cancel' else error 'cancel: ' + reason
