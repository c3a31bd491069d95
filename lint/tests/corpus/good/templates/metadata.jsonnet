// Null until somebody has written it.
local get(object, field) = if std.isObject(object) then std.get(object, field);
function(ctx)
  local before = ctx.session.identity.metadata_public;
  {
    as_it_is: ctx.identity.metadata_public,
    in_a_text: 'metadata: ' + ctx.identity.metadata_public,
    plan: get(ctx.identity.metadata_public, 'plan'),
    old_plan: if before == null then null else before.plan,
    organization: ctx.flow.organization_id,
  }
