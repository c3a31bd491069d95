// The attributes of a user in Braze, known by the identity's id.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// People type it themselves: what is no text, or longer than any name, is left out.
local text(value) =
  if std.isString(value) && std.trim(value) != '' && std.length(value) <= 100 then value;

// The function adds `recipient` to ctx: the one address to write to, or null.
function(ctx)
  local traits = get(ctx.identity, 'traits');
  local name = get(traits, 'name');
  local consent = get(get(traits, 'consent'), 'newsletter');
  if std.get(ctx.identity, 'id') == null then
    error 'cancel: nobody to know'
  else {
    path: '/users/track',
    body: {
      attributes: [std.prune({
        external_id: ctx.identity.id,
        email: ctx.recipient,
        first_name: text(if std.isObject(name) then get(name, 'first') else name),
        last_name: text(get(name, 'last')),
        // A custom attribute. Braze keeps the subscription itself in `email_subscribe`.
        newsletter_consent: if std.isBoolean(consent) then consent,
      })],
    },
  }
