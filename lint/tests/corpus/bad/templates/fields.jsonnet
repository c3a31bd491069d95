function(ctx) {
  id: ctx.identity.id,
  admin: ctx.identity.metadata_admin,
  session: ctx.session.id,
  misspelt: ctx.identity.trait.email,
  status: std.get(ctx.identity, 'verifiable_addresses', [])[0].state,
  traits_are_your_own: ctx.identity.traits.whatever,
  recipient: ctx.recipient,
  greeting: ctx.greeting_name,
  subject: ctx.mail.subject,
}
