function(ctx) {
  hook: { flow: 'registration', method: 'password', when: 'after_save' },
  id: ctx.identity.id,
  admin: ctx.identity.metadata_admin,
  payload: ctx.flow.transient_payload,
}
