function(ctx) {
  was: ctx.session.identity.traits.email,
  is: ctx.identity.traits.email,
}
