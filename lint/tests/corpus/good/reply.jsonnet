function(ctx, outcome)
  if outcome.status == 'skipped' then null
  else if std.startsWith(ctx.identity.traits.email, 'eve') then {
    messages: [{
      instance_ptr: '#/traits/email',
      messages: [{ id: 4711, text: 'Not this one.', type: 'error', context: {} }],
    }],
  }
  else { identity: { metadata_public: { welcome: outcome.status } } }
