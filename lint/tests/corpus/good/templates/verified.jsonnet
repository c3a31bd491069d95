// Whoever completes a verification has an address.
function(ctx) {
  method: ctx.flow.active,
  verified: [one.value for one in ctx.identity.verifiable_addresses if one.verified],
}
