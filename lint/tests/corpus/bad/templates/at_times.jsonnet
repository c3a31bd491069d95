function(ctx) {
  campaign: ctx.flow.transient_payload.campaign,
  back: ctx.flow.return_to,
  email: ctx.identity.verifiable_addresses[0].value,
}
