function(ctx) {
  userId: ctx.identity.id,
  customData: ctx.transient_payload.custom_data,
  quietly: std.get(ctx, 'transient_payload', {}),
  ofTheIdentity: ctx.identity.transient_payload,
}
