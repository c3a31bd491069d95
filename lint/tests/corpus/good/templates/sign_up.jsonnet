// Before it is saved, a person has no id: the sign-up has one.
function(ctx) { sign_up: ctx.flow.id, email: ctx.identity.traits.email }
