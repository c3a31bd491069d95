// The same for both hooks of a list: it knows which of them called.
function(ctx) {
  person: if ctx.identity.id != '00000000-0000-0000-0000-000000000000' then ctx.identity.id,
  email: ctx.identity.traits.email,
}
