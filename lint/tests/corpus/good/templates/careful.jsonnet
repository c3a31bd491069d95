// Whatever may be missing is asked for, and nothing secret is sent on.
local get(object, field) = if std.isObject(object) then std.get(object, field);
local traits(ctx) = { email: ctx.identity.traits.email, name: get(ctx.identity.traits, 'name') };
function(ctx)
  local flow = ctx.flow;
  if std.startsWith(ctx.identity.traits.email, 'test-') then error 'cancel: a test account'
  else {
    local payload = std.get(flow, 'transient_payload', {}),
    id: ctx.identity.id,
    traits: traits(ctx),
    campaign: std.get(payload, 'campaign'),
    back: if std.objectHas(flow, 'return_to') then flow.return_to,
    via: if 'verifiable_addresses' in ctx.identity
    then [address.via for address in ctx.identity.verifiable_addresses],
    country: std.get(ctx.request_headers, 'Cf-Ipcountry', [null])[0],
    source: std.get(ctx.request_cookies, 'utm_source'),
    buttons: std.length([node for node in flow.ui.nodes if node.type == 'input']),
  }
