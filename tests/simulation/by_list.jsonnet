// Keeps the consent to each list apart, and since when it is given.
function(ctx)
  local event = ctx.event;
  local data = event.data;
  local place = '/metadata_public/mailchimp/' + data.list_id;
  local lists = std.get(ctx.identity.metadata_public, 'mailchimp', {});
  local is_there = std.objectHas(std.get(lists, data.list_id, {}), 'consent');
  local op(name, path, value) = { op: name, path: place + path, value: value };
  local given(value) = { ['newsletter_' + data.list_id]: value };
  local withdraws = event.type == 'unsubscribe' || std.get(data, 'reason') == 'abuse';
  local patch =
    if event.type == 'subscribe' then
      [op('add', '/consent', true), op('add', '/since', event.fired_at)]
    else if withdraws then
      [
        op(if is_there then 'replace' else 'add', '/consent', false),
        { op: 'remove', path: place + '/since' },
      ]
    else if event.type == 'cleaned' then [op('add', '/bounced', data.email)]
    else [];
  local traits =
    if event.type == 'subscribe' then given(true)
    else if withdraws then given(false)
    else if event.type == 'profile' then { firstName: data.merges.FNAME }
    else if event.type == 'upemail' then { email: data.new_email }
    else {};
  local address = std.get(data, 'old_email', std.get(data, 'email'));
  if std.startsWith(address, 'test-') then error 'cancel: a test account'
  else {
    [if ctx.identity != null && patch != [] then 'ory']: { patch: patch },
    [if ctx.identity != null && traits != {} then 'segment']: {
      userId: ctx.identity.id,
      traits: traits,
      timestamp: event.fired_at,
    },
  }
