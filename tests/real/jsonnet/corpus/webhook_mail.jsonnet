local merge(vars) = [{ name: std.asciiUpper(key), content: vars[key] } for key in std.objectFields(vars)];
function(ctx)
  local name = std.get(ctx.identity.traits, 'name', {});
  if std.endsWith(ctx.identity.traits.email, '@example.org') then error 'cancel: one of us'
  else {
    template_name: 'welcome-%s' % std.get(ctx.flow, 'type', 'browser'),
    message: {
      to: [{ email: std.asciiLower(ctx.identity.traits.email), name: std.join(' ', std.prune([std.get(name, 'first'), std.get(name, 'last')])) }],
      global_merge_vars: merge({ first: std.get(name, 'first', 'you'), url: std.strReplace('https://example.com/?id=ID', 'ID', ctx.identity.id) }),
    },
  }
