// A login by password has both.
function(ctx) { method: ctx.flow.active, organization: ctx.flow.organization_id }
