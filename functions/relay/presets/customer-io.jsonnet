// A person in Customer.io, known by the identity's id.
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
    method: 'PUT',
    // Each part is encoded by the function.
    path: ['api', 'v1', 'customers', ctx.identity.id],
    body: std.prune({
      email: ctx.recipient,
      first_name: text(if std.isObject(name) then get(name, 'first') else name),
      last_name: text(get(name, 'last')),
      // An attribute of your own. Customer.io keeps its own record of who has unsubscribed.
      newsletter_consent: if std.isBoolean(consent) then consent,
    }),
  }
