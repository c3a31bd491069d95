// The contact of a person in Mailchimp. The function decides the status of the contact, moves it when
// the address changes, and adds the merge field ORY_ID.
local get(object, field) = if std.isObject(object) then std.get(object, field);
local present(object) = {
  [key]: object[key]
  for key in std.objectFields(object)
  if object[key] != null
};

// People type their names themselves, and may register with the address of somebody else: a name that
// has room for a message or a link is left out. That is also far less than the 255 bytes at which
// Mailchimp cuts a text.
local longestName = 40;
local linksAndTags = '/:@.\\|{';
local name(value) =
  if std.isString(value) && std.trim(value) != '' && std.length(value) <= longestName
     && std.setInter(std.set(std.stringChars(value)), std.set(std.stringChars(linksAndTags))) == []
  then value;
local header(ctx, name) =
  local value = get(get(ctx, 'request_headers'), name);
  if std.isArray(value) && value != [] then value[0] else value;
local text(value) = if std.isString(value) then value;

// The function adds two fields to ctx: `recipient`, the one address to write to, and `greeting_name`,
// a name that is safe to print. Both are null where there is none.
function(ctx)
  local traits = get(ctx.identity, 'traits');
  local consent = get(get(traits, 'consent'), 'newsletter');
  if ctx.recipient == null then
    error 'cancel: nobody to subscribe'
  else {
    member: {
      email_address: ctx.recipient,
      merge_fields: present({
        FNAME: ctx.greeting_name,
        LNAME: name(get(get(traits, 'name'), 'last')),
      }),
    },
    // Null: nothing is known, and nothing changes.
    consent: if std.isBoolean(consent) then consent,
  } + present({
    // Only where the webhook forwards the header: Kratos fills it, or a proxy in front of it.
    ip_signup: text(header(ctx, 'True-Client-Ip')),
    timestamp_signup: text(get(get(ctx, 'flow'), 'issued_at')),
  })
