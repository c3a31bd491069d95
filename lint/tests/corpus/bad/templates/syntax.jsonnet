function(ctx) {
  userId: ctx.identity.id
  email: ctx.identity.traits.email,
}
