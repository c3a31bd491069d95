// Who signed up, for Segment. What the identity does not hold stays absent.
local get(object, field) = if std.isObject(object) then std.get(object, field);

// People type it themselves, and Segment rejects a call over 32 KB: an operator must act then, for
// each person who tries. So everything is measured as the JSON that is sent, and values that are too
// long are left out. A blank text is absent, too: it would replace a known value.
local longestText = 1000;
local mostCustomData = 16 * 1024;
local bytes(value) = std.length(std.encodeUTF8(std.manifestJsonMinified(value)));
// A character takes six bytes of JSON at most, and a text two quotes: most texts need no measuring.
local isShort(text) = std.length(text) <= 166;
local text(value) =
  if std.isString(value) && std.length(value) <= longestText && std.trim(value) != ''
     && (isShort(value) || bytes(value) <= longestText) then value;
local custom(value) = if value != null && bytes(value) <= mostCustomData then value;
local zeroTime = '0001-01-01T00:00:00Z';

function(ctx)
  local identity = ctx.identity;
  local traits = get(identity, 'traits');
  local consent = get(get(traits, 'consent'), 'newsletter');
  local createdAt = text(get(identity, 'created_at'));
  // Ory's presets hold a name in parts; Segment's `name` is one text.
  local name = get(traits, 'name');
  local first = text(get(name, 'first'));
  local last = text(get(name, 'last'));
  local parts = [part for part in [first, last] if part != null];

  std.prune({
    userId: get(identity, 'id'),
    customData: custom(get(get(ctx, 'transient_payload'), 'custom_data')),
    traits: {
      // The function adds it: the one address to write to, the same for all functions.
      email: ctx.recipient,
      name: if parts != [] then std.join(' ', parts) else text(name),
      firstName: first,
      lastName: last,
      newsletterConsent: if std.isBoolean(consent) then consent,
      createdAt: if createdAt != zeroTime then createdAt,
    },
  }) + {
    // Without this, Segment's Mailchimp destination subscribes every address that it receives.
    [if consent != true then 'integrations']: { MailChimp: false },
  }
