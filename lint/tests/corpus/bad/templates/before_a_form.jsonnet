function(ctx) {
  answer: ctx.flow.transient_payload.answer,
  method: ctx.flow.active,
}
