// Who signed up, for the CRM. What the identity does not hold stays absent.
local get(object, field) = if std.isObject(object) then std.get(object, field);

function(ctx)
  local traits = get(ctx.identity, 'traits');
  local email = get(traits, 'email');
  local name = get(traits, 'name');

  if !std.isString(email) || email == '' then
    error 'cancel: nobody to know'
  else {
    inputs: [{
      idProperty: 'email',
      id: email,
      properties: std.prune({
        email: email,
        firstname: if std.isString(name) then name else get(name, 'first'),
        lastname: get(name, 'last'),
      }),
    }],
  }
