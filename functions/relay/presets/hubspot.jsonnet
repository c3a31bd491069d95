// A contact in HubSpot, known by the address. What the identity does not hold stays as it is there.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// People type it themselves: what is no text, or longer than any name, is left out.
local text(value) =
  if std.isString(value) && std.trim(value) != '' && std.length(value) <= 100 then value;

// The function adds `recipient` to ctx: the one address to write to, or null.
function(ctx)
  local name = get(get(ctx.identity, 'traits'), 'name');
  if ctx.recipient == null then
    error 'cancel: nobody to know'
  else {
    path: '/crm/objects/2026-03/contacts/batch/upsert',
    body: {
      inputs: [{
        idProperty: 'email',
        id: ctx.recipient,
        properties: std.prune({
          email: ctx.recipient,
          firstname: text(if std.isObject(name) then get(name, 'first') else name),
          lastname: text(get(name, 'last')),
        }),
      }],
    },
  }
