// What Mailchimp's events mean for an identity. Consent is given and withdrawn by the person in
// Mailchimp: a subscribe gives it, an unsubscribe and a complaint withdraw it. A profile update
// comes for people who have left, too, and says nothing about consent.
local present(object) = std.prune(object);

local withdrawn = { newsletterConsent: false };
local traitsOf = {
  subscribe(data): { newsletterConsent: true },
  unsubscribe(data): withdrawn,
  cleaned(data): if std.get(data, 'reason') == 'abuse' then withdrawn else {},
  profile(data): present({
    firstName: std.get(data.merges, 'FNAME'),
    lastName: std.get(data.merges, 'LNAME'),
  }),
  upemail(data): { email: data.new_email },
};

function(ctx)
  local event = ctx.event;
  if event.type == 'campaign' then
    error 'cancel: a campaign is about nobody in particular'
  else
    local traits = traitsOf[event.type](event.data);
    {
      // Nothing is told of somebody whom Ory does not know, nor of what changes nothing.
      [if ctx.identity != null && traits != {} then 'segment']: {
        userId: ctx.identity.id,
        traits: traits,
        timestamp: event.fired_at,
      },
    }
