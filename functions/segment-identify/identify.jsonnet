// Who signed up, for Segment. What the identity does not hold stays absent.
local get(object, field) = if std.isObject(object) then std.get(object, field);
local zeroTime = '0001-01-01T00:00:00Z';

function(ctx)
  local identity = ctx.identity;
  local traits = get(identity, 'traits');
  local consent = get(get(traits, 'consent'), 'newsletter');
  local createdAt = get(identity, 'created_at');
  local email = get(traits, 'email');
  // Ory's presets hold a name in parts; Segment's `name` is one text.
  local name = get(traits, 'name');
  local parts = [part for part in [get(name, 'first'), get(name, 'last')] if std.isString(part)];

  if std.isString(email) && std.startsWith(email, 'test-') then
    error 'cancel: a test account'
  else std.prune({
    userId: get(identity, 'id'),
    customData: get(get(ctx, 'transient_payload'), 'custom_data'),
    traits: {
      email: email,
      name: if !std.isObject(name) then name else if parts != [] then std.join(' ', parts),
      firstName: get(name, 'first'),
      lastName: get(name, 'last'),
      newsletterConsent: consent,
      createdAt: if createdAt != zeroTime then createdAt,
    },
  }) + {
    // Without this, Segment's Mailchimp destination subscribes every address that it is told.
    [if consent != true then 'integrations']: { MailChimp: false },
  }
