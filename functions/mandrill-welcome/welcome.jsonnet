// The welcome mail. Its sender and its subject are the settings FROM_EMAIL, FROM_NAME and SUBJECT.
local text = 'Welcome! Your account is ready.';
// Whoever logs in, changes settings or is backfilled was there before. A template that forwards no flow
// tells nothing about that.
local isNew(flow) = flow == null || std.member(['registration', 'verification'], flow);
local get(object, field) = if std.isObject(object) then std.get(object, field);
local greeting(name) = if name == null then 'Hello,' else 'Hello ' + name + ',';
local paragraph(text) = '<p>' + std.escapeStringXML(text) + '</p>';

// The function adds three fields to ctx: `mail`, the settings; `recipient`, the one address to write
// to; and `greeting_name`, a name that is safe to print. Both are null where there is none.
function(ctx)
  if !isNew(get(std.get(ctx, 'hook'), 'flow')) then
    error 'cancel: no registration and no verification'
  else if ctx.recipient == null then
    error 'cancel: nobody to write to'
  else {
    message: {
      from_email: ctx.mail.from_email,
      from_name: ctx.mail.from_name,
      to: [{ email: ctx.recipient, type: 'to' }],
      subject: ctx.mail.subject,
      text: text,
      html: paragraph(greeting(ctx.greeting_name)) + paragraph(text),
      tags: ['welcome'],
    },
    // One welcome mail per identity: another event of the same identity is a duplicate.
    [if std.get(ctx.identity, 'id') != null then 'idempotency_key']: ctx.identity.id,
  }
