function(ctx) {
  id: ctx.identity.id,
  was: ctx.session.identity.traits.email,
  is: ctx.identity.traits.email,
  by: ctx.session.authentication_methods,
}
