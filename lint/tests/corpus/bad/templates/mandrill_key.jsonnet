function(ctx) {
  key: 'some-key',
  message: { subject: 'Welcome', to: [{ email: ctx.identity.traits.email }] },
}
