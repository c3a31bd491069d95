function(ctx) {
  // ory-lint: allow(field-at-times): our form always sends it
  plan: ctx.flow.transient_payload,
}
