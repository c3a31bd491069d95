// Who signed up, for the CRM. What the CRM holds already stays as it is there.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// What is no text, or longer than any name or address, is absent: people type it themselves.
local text(value) = if std.isString(value) && std.length(value) <= 254 then value;

function(ctx)
  // The function adds the one address of the person, or null where there is none.
  local email = ctx.recipient;
  local name = get(get(ctx.identity, 'traits'), 'name');

  if email == null then
    error 'cancel: nobody to know'
  else {
    email: email,
    properties: std.prune({
      firstname: text(if std.isObject(name) then get(name, 'first') else name),
      lastname: text(get(name, 'last')),
      lifecyclestage: 'lead',
    }),
  }
