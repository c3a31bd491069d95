// Tells Segment of people whom Mailchimp knows by an address alone; Ory is not told.
function(ctx)
  local event = ctx.event;
  local data = event.data;
  local address = std.get(data, 'old_email', std.get(data, 'email'));
  local traits =
    if event.type == 'subscribe' then { newsletterConsent: true }
    else if event.type == 'unsubscribe' || std.get(data, 'reason') == 'abuse' then
      { newsletterConsent: false }
    else if event.type == 'profile' then { firstName: data.merges.FNAME }
    else if event.type == 'upemail' then { email: data.new_email }
    else {};
  if std.startsWith(address, 'test-') then error 'cancel: a test account'
  else { [if traits != {} then 'segment']: { userId: address, traits: traits } }
