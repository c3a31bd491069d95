// What becomes of a mail, as the identity shows it. A mail that does not reach the person is marked with
// its address, as the person may have given another one since. A complaint withdraws consent.
local get(object, name) = if std.isObject(object) then std.get(object, name);
local list(value) = if std.isArray(value) then value else [];
local same(one, other) =
  std.isString(one) && std.isString(other) && std.asciiLower(one) == std.asciiLower(other);
local mark = '/metadata_public/mandrill/undeliverable';

// Every address that the identity has now.
local addresses(identity) =
  [get(one, 'value') for one in list(get(identity, 'verifiable_addresses'))] +
  [get(one, 'value') for one in list(get(identity, 'recovery_addresses'))] +
  [get(get(identity, 'traits'), 'email')];

// Mandrill refuses these for what the sender has to fix, or by a rule of the account: the address is as
// good as before.
local of_the_sender = ['invalid-sender', 'unsigned', 'test-mode-limit', 'rule'];

function(ctx)
  local event = ctx.event;
  local mail = event.msg;
  local reason =
    if event.event == 'reject' then get(mail, 'reject_reason') else get(mail, 'bounce_description');
  local marked = get(get(get(ctx.identity, 'metadata_public'), 'mandrill'), 'undeliverable');
  local is_marked = same(get(marked, 'address'), get(mail, 'email'));
  local has(address) = std.any([same(one, address) for one in addresses(ctx.identity)]);
  local identify(traits) = { userId: ctx.identity.id, traits: traits, timestamp: event.fired_at };

  if ctx.identity == null then
    error 'cancel: the mail went to nobody who is known'
  else if event.event == 'spam' then {
    ory: { patch: [{ op: 'add', path: '/traits/consent/newsletter', value: false }] },
    segment: identify({ newsletterConsent: false }),
  }
  else if !has(get(mail, 'email')) then
    error 'cancel: the person has another address now'
  else if event.event == 'delivered' then
    // Also where there is no mark: a bounce from before, if it comes late, must not set one; and where
    // the mark was removed and Segment did not answer, it is told at the next attempt.
    if !is_marked && has(get(marked, 'address')) then error 'cancel: the mark is of another address'
    else {
      ory: { patch: [{ op: 'remove', path: mark }] },
      segment: identify({ emailUndeliverable: false }),
    }
  else if event.event == 'hard_bounce' || event.event == 'reject' && !std.member(of_the_sender, reason) then {
    ory: {
      patch: [{
        op: 'add',
        path: mark,
        value: { address: mail.email, reason: if reason == null then event.event else reason },
      }],
    },
    segment: identify({ emailUndeliverable: true }),
  }
  else error 'cancel: it changes nothing'
