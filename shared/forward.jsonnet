// What Ory forwards to the functions: the least that they need. No cookies, no headers, no form.
// ctx does not tell which hook called, so each webhook gets this template with its own tag.
local hook = { flow: 'registration', method: 'password', when: 'after_save' };

local present(object) = {
  [key]: object[key]
  for key in std.objectFields(object)
  if object[key] != null
};
local get(object, field) =
  if std.isObject(object) then std.get(object, field);

function(ctx) present({
  hook: hook,
  flow: present({
    id: get(ctx.flow, 'id'),
    type: get(ctx.flow, 'type'),
    // The time of an opt-in.
    issued_at: get(ctx.flow, 'issued_at'),
    transient_payload: get(ctx.flow, 'transient_payload'),
  }),
  identity: {
    id: ctx.identity.id,
    traits: ctx.identity.traits,
    // Null where there is none: whoever merges over it has to know that.
    metadata_public: get(ctx.identity, 'metadata_public'),
  } + present({
    state: get(ctx.identity, 'state'),
    schema_id: get(ctx.identity, 'schema_id'),
    created_at: get(ctx.identity, 'created_at'),
    // The order of a person's events.
    updated_at: get(ctx.identity, 'updated_at'),
    verifiable_addresses: get(ctx.identity, 'verifiable_addresses'),
    recovery_addresses: get(ctx.identity, 'recovery_addresses'),
  }),
  // In settings, the identity of the session is the one before the change; not so where Kratos
  // defers a new address (`verify_new_address`): to hear of that, use the verification flow.
  session: if hook.flow == 'settings' then {
    identity: { traits: get(get(get(ctx, 'session'), 'identity'), 'traits') },
  },
})
