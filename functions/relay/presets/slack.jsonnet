// A line in a channel for each registration. In `plain_text` Slack reads neither links nor mentions,
// so nobody can call a whole channel by a name that they typed.
// Without the tag of the forwarding template, the hook is taken for one of a registration.
local get(object, field) = if std.isObject(object) then std.get(object, field);

function(ctx)
  local flow = get(ctx.hook, 'flow');
  local name = if ctx.greeting_name == null then 'Somebody' else ctx.greeting_name;
  if flow != null && flow != 'registration' then
    error 'cancel: no registration'
  else {
    body: {
      text: 'New registration',
      blocks: [{
        type: 'section',
        text: { type: 'plain_text', text: name + ' has registered.', emoji: false },
      }],
    },
  }
