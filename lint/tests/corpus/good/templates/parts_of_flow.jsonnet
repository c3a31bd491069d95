local secrets = ['ui', 'session_token_exchange_code'];
local without_secrets(flow) = {
  [name]: flow[name]
  for name in std.objectFields(flow)
  if !std.member(secrets, name)
};
local defaults = { theme: 'light' };
function(ctx) {
  chosen: { [name]: ctx.flow[name] for name in ['id', 'type'] },
  filtered: without_secrets(ctx.flow),
  hidden: ctx.flow { ui:: null, session_token_exchange_code:: null },
  merged: std.mergePatch(ctx.flow, { ui: null, session_token_exchange_code: null }),
  theme: (defaults + ctx.request_cookies).theme,
  code: ({ transient_payload: {} } + ctx.flow).transient_payload,
}
