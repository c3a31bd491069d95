function(ctx)
  if std.startsWith(ctx.identity.traits.email, 'test-') then error 'cancel'
  else { id: ctx.identity.id }
