// A contact in Intercom, known by the identity's id. Intercom answers 409 for one that exists, which
// is delivered: this preset creates, and changes nothing later.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// People type it themselves: what is no text, or longer than any name, is left out.
local text(value) =
  if std.isString(value) && std.trim(value) != '' && std.length(value) <= 100 then value;

// The function adds `recipient` to ctx: the one address to write to, or null.
function(ctx)
  local name = get(get(ctx.identity, 'traits'), 'name');
  local parts = [text(get(name, 'first')), text(get(name, 'last'))];
  if std.get(ctx.identity, 'id') == null then
    error 'cancel: nobody to know'
  else {
    path: '/contacts',
    body: {
      role: 'user',
      external_id: ctx.identity.id,
    } + std.prune({
      email: ctx.recipient,
      name: if std.isString(name) then text(name) else std.join(' ', std.prune(parts)),
    }),
  }
