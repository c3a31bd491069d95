// What Mailchimp's events mean for an identity. Consent is given and withdrawn by the person in
// Mailchimp: a subscribe gives it, an unsubscribe and a complaint withdraw it. A profile update
// is also sent for people who have left, and says nothing about consent. An address that changed in
// Mailchimp changes in Segment only: changing the login through a mailing list would allow account
// takeover.
local present(object) = std.prune(object);
// A merge field may hold anything: a value that is no text, or longer than any name, is ignored.
local text(value) = if std.isString(value) && std.length(value) <= 1000 then value;
local set(path, value) = { op: 'add', path: path, value: value };

local consent(given) = {
  patch: [set('/traits/consent/newsletter', given)],
  traits: { newsletterConsent: given },
};
local meaning = {
  subscribe(data): consent(true),
  unsubscribe(data): consent(false),
  cleaned(data):
    local reason = std.get(data, 'reason');
    if reason == 'abuse' then consent(false)
    else if reason == 'hard' then {
      patch: [set('/metadata_public/mailchimp/undeliverable', data.email)],
      traits: {},
    }
    else { patch: [], traits: {} },
  profile(data): {
    patch: [],
    traits: present({
      firstName: text(std.get(data.merges, 'FNAME')),
      lastName: text(std.get(data.merges, 'LNAME')),
    }),
  },
  upemail(data): { patch: [], traits: present({ email: text(data.new_email) }) },
};

function(ctx)
  local event = ctx.event;
  if event.type == 'campaign' then
    error 'cancel: a campaign is about nobody in particular'
  else
    local means = meaning[event.type](event.data);
    {
      // Send nothing about a person without an Ory identity, nor if nothing changes.
      [if ctx.identity != null && means.patch != [] then 'ory']: { patch: means.patch },
      [if ctx.identity != null && means.traits != {} then 'segment']: {
        userId: ctx.identity.id,
        traits: means.traits,
        timestamp: event.fired_at,
      },
    }
