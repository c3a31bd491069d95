// Who signed up, for Segment. What the identity does not hold stays absent.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// What is no text, or longer than any name or address, is absent too: people type it themselves.
local longestText = 1000;
local text(value) = if std.isString(value) && std.length(value) <= longestText then value;
local zeroTime = '0001-01-01T00:00:00Z';

function(ctx)
  local identity = ctx.identity;
  local traits = get(identity, 'traits');
  local consent = get(get(traits, 'consent'), 'newsletter');
  local createdAt = get(identity, 'created_at');
  local email = text(get(traits, 'email'));
  // Ory's presets hold a name in parts; Segment's `name` is one text.
  local name = get(traits, 'name');
  local first = text(get(name, 'first'));
  local last = text(get(name, 'last'));
  local parts = [part for part in [first, last] if part != null];

  if email != null && std.startsWith(email, 'test-') then
    error 'cancel: a test account'
  else std.prune({
    userId: get(identity, 'id'),
    customData: get(get(ctx, 'transient_payload'), 'custom_data'),
    traits: {
      email: email,
      name: if parts != [] then std.join(' ', parts) else text(name),
      firstName: first,
      lastName: last,
      newsletterConsent: if std.isBoolean(consent) then consent,
      createdAt: if createdAt != zeroTime then createdAt,
    },
  }) + {
    // Without this, Segment's Mailchimp destination subscribes every address that it is told.
    [if consent != true then 'integrations']: { MailChimp: false },
  }
