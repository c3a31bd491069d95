local traits(identity) = std.prune({
  email: identity.traits.email,
  name: std.get(identity.traits, 'name'),
  consent: std.get(std.get(identity.traits, 'consent', {}), 'newsletter'),
});
function(ctx) {
  type: 'identify',
  userId: ctx.identity.id,
  traits: traits(ctx.identity),
  [if 'transient_payload' in ctx.flow then 'context']: { payload: ctx.flow.transient_payload },
}
