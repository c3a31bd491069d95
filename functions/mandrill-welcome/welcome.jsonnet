// The welcome mail. Put your own sending address here; its domain must be verified in Mandrill.
local from = 'hello@example.com';
local subject = 'Hello from Ory';
local text = 'Welcome to Ory! Have fun and happy hacking!';

// A stranger can sign up with another person's address and any name at all. A name that could
// carry a link, a merge tag or an invisible character is not greeted, or this mail would carry
// the stranger's message to that person.
local longestName = 40;
local isHidden(char) =
  local code = std.codepoint(char);
  // Most characters are printable ASCII, so that is asked first.
  (code < 32 || code > 126) && (
    code < 160 || code == 173 || code == 65279
    || (code >= 8203 && code <= 8207) || (code >= 8232 && code <= 8238)
    || (code >= 8288 && code <= 8303)
  );
local contains(text, part) = std.findSubstr(part, text) != [];
local isGreetable(name) =
  std.isString(name) && name != '' && std.length(name) <= longestName
  && !std.any([contains(name, part) for part in ['/', ':', '@', '.', '*|', '{{']])
  && !std.any([isHidden(char) for char in std.stringChars(name)]);

local get(object, field) = if std.isObject(object) then std.get(object, field);

function(ctx)
  local traits = get(ctx.identity, 'traits');
  local verifiable = get(ctx.identity, 'verifiable_addresses');
  local verifiableEmail =
    if std.isArray(verifiable) && std.length(verifiable) > 0
       && std.get(verifiable[0], 'via', 'email') == 'email'
    then get(verifiable[0], 'value');
  local email = if verifiableEmail != null then verifiableEmail else get(traits, 'email');

  local name = get(traits, 'name');
  local given = if std.isObject(name) then std.get(name, 'first') else name;
  local greeting = if isGreetable(given) then 'Hello ' + std.escapeStringXML(given) + ',' else 'Hello,';

  if !std.isString(email) || email == '' then
    error 'cancel: nobody to write to'
  else if std.startsWith(email, 'test-') then
    error 'cancel: a test account'
  else {
    message: {
      from_email: from,
      subject: subject,
      text: text,
      html: '<p>' + greeting + '</p><p>' + std.escapeStringXML(text) + '</p>',
      to: [{ email: email, type: 'to' }],
      tags: ['welcome'],
    },
    // One welcome in a life: another event of the same identity is a duplicate.
    [if get(ctx.identity, 'id') != null then 'idempotency_key']: ctx.identity.id,
  }
