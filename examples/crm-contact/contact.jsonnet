// Who signed up, for the CRM. What the identity does not hold stays absent.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// What is no text, or longer than any name or address, is absent too: people type it themselves.
local text(value) = if std.isString(value) && std.length(value) <= 254 then value;

function(ctx)
  local traits = get(ctx.identity, 'traits');
  // The function adds the one address of the person, or null where there is none.
  local email = ctx.recipient;
  local name = get(traits, 'name');

  if email == null then
    error 'cancel: nobody to know'
  else {
    inputs: [{
      idProperty: 'email',
      id: email,
      properties: std.prune({
        email: email,
        firstname: text(if std.isObject(name) then get(name, 'first') else name),
        lastname: text(get(name, 'last')),
      }),
    }],
  }
