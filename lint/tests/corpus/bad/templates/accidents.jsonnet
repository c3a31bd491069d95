local check(ctx) =
  assert std.objectHas(ctx.identity.traits, 'plan') : 'cancelled, it seems';
  if ctx.identity.traits.plan == 'none' then error 'cancellation of the plan failed'
  else if ctx.identity.traits.plan == 'odd' then error ctx.identity.traits.plan
  else if ctx.identity.traits.plan == 'even' then error 'plan: RUNTIME ERROR: cancel it'
  else ctx.identity.id;
function(ctx) { id: check(ctx) }
