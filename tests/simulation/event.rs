//! The events of a run, with the keys by which the vendors know them.

use std::time::Duration;

use integration::Event;
use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    key::{EventId, IdempotencyKey},
};
use uuid::{Builder, Uuid};

use crate::{
    chance::Chance,
    fault::Fault,
    mail_events::MailEvent,
    mailchimp::MailchimpEvent,
    person::Person as Contact,
    settings::{Settings, Which},
};

/// The most events of one function; mostly there are fewer.
const MOST: usize = 6;
/// Mailchimp's.
const MOST_SHOWN: usize = 5;
/// What is told at once is told within this.
const AT_ONCE: Duration = Duration::from_millis(100);

/// One event that will be sent to a function.
pub(crate) struct Planned {
    pub(crate) which: Which,
    /// When its caller calls for the first time.
    pub(crate) at: Duration,
    /// The call, without the caller's secret.
    request: Event,
    /// The event's own key.
    pub(crate) key: String,
    /// The work's key, as the vendor has it.
    pub(crate) idempotency_key: String,
    /// The same where the template that is deployed later names another.
    later_key: String,
    /// Whom it is about.
    pub(crate) address: String,
    /// The identity, if it is Ory's.
    pub(crate) identity: Option<Uuid>,
    /// Whether the template cancels it.
    pub(crate) is_cancelled: bool,
    /// Its content, if it is Mailchimp's.
    pub(crate) mailchimp: Option<MailchimpEvent>,
    /// Its content, if Mandrill tells it of a mail.
    pub(crate) mail: Option<MailEvent>,
}

/// Matching an event to an identity.
struct Person {
    id: Uuid,
    address: String,
}

impl Person {
    /// Whether Ory knows no address to write to: the shipped welcome cancels.
    fn has_no_address(&self) -> bool {
        self.address.starts_with("test-")
    }
}

impl Planned {
    /// The events of one function: some people have several.
    pub(crate) fn draw(settings: &Settings, chance: &Chance) -> Vec<Self> {
        let which = settings.which;
        let mut people: Vec<_> = (0..chance.number(1..4))
            .map(|n| {
                let test = if chance.is(0.07) { "test-" } else { "" };
                let address = format!("{test}{n}@{}.example.com", which.name());
                Person { id: uuid(chance), address }
            })
            .collect();
        let count = chance.number(1..MOST + 1).min(chance.number(1..MOST + 1));
        let longest = |chance: &Chance| Duration::from_hours(if chance.is(0.8) { 1 } else { 24 });
        let mut times: Vec<_> =
            (0..count).map(|_| chance.scale(Duration::from_millis(10)..longest(chance))).collect();
        times.sort();
        let mut later = Duration::ZERO;
        times
            .into_iter()
            .map(|at| {
                let person = chance.number(0..people.len());
                let person = &mut people[person];
                let event = Self::of_ory(settings, person, at + later, chance);
                if chance.strikes(Fault::Moved) {
                    person.address = format!("moved-{}", person.address);
                    // Long enough to take a mail for lost that cannot be found.
                    later += chance.time(Duration::ZERO..Duration::from_hours(1));
                }
                event
            })
            .collect()
    }

    /// Mailchimp's events about these people: some all at once, some over a day.
    pub(crate) fn draw_mailchimp(
        settings: &Settings,
        people: &[Contact],
        chance: &Chance,
    ) -> Vec<Self> {
        let hours = Duration::from_hours([1, 1, 24][chance.number(0..3)]);
        let longest = if chance.is(0.4) { Duration::from_secs(2) } else { hours };
        let count = chance.number(1..MOST_SHOWN + 1).min(chance.number(1..MOST_SHOWN + 1));
        let mut before: Option<(usize, Duration)> = None;
        (0..count)
            .map(|_| {
                // Two at once meet where a patch takes its time.
                let with = before.filter(|_| chance.would_strike(Fault::PatchWindow));
                let person = with.map_or(chance.number(0..people.len()), |(person, _)| person);
                let sent = MailchimpEvent::draw(person, people, settings, chance);
                let shortest = Duration::from_millis(10);
                // Mailchimp reports it some time later.
                let at = match with {
                    Some((_, at)) => at.max(sent.said) + chance.time(shortest..AT_ONCE),
                    None => sent.said + chance.scale(shortest..longest),
                };
                before = Some((person, at));
                Self::of_mailchimp(settings, sent, at)
            })
            .collect()
    }

    fn of_ory(settings: &Settings, person: &Person, at: Duration, chance: &Chance) -> Self {
        let mut ctx = json!({
            "flow": {"id": uuid(chance).to_string(), "type": "browser"},
            "identity": {
                "id": person.id.to_string(),
                "traits": {"email": person.address, "name": "Ann"},
            },
        });
        let is_cancelled = settings.which == Which::Mandrill && person.has_no_address();
        if is_cancelled {
            ctx["identity"]["traits"]["email"] = json!(null);
        }
        let trigger = chance.is(0.7).then(|| uuid(chance));
        let decoded = Ctx::decode(ctx.to_string().as_bytes()).expect("a usable ctx").sanitize();
        let key = EventId::of_event(trigger, decoded.as_value());
        let named = person.id.to_string();
        let work = |is_named: bool| IdempotencyKey::new(&key, is_named.then_some(named.as_str()));
        let event = Event::of_ory(&ctx, &trigger.unwrap_or_default().to_string());
        let request = if trigger.is_some() { event } else { event.without_trigger() };
        let works = [work(settings.is_named), work(settings.is_named_later)];
        let of = Self::of(settings.which, person.address.clone(), at, request, &key, &works);
        Self { is_cancelled, identity: Some(person.id), ..of }
    }

    fn of_mailchimp(settings: &Settings, sent: MailchimpEvent, at: Duration) -> Self {
        let form = sent.form();
        let key = EventId::digest(form.as_bytes());
        let works = [IdempotencyKey::new(&key, None), IdempotencyKey::new(&key, None)];
        let address = sent.addresses[0].clone();
        let is_cancelled = settings.inbound.cancels(&address);
        let request = Event::of_mailchimp(form);
        let of = Self::of(Which::Mailchimp, address, at, request, &key, &works);
        Self { is_cancelled, mailchimp: Some(sent), ..of }
    }

    pub(crate) fn of(
        which: Which,
        address: String,
        at: Duration,
        request: Event,
        key: &EventId,
        works: &[IdempotencyKey; 2],
    ) -> Self {
        Self {
            which,
            at,
            request,
            key: key.as_str().to_owned(),
            idempotency_key: works[0].for_vendor(&which.arn()),
            later_key: works[1].for_vendor(&which.arn()),
            is_cancelled: false,
            address,
            identity: None,
            mailchimp: None,
            mail: None,
        }
    }

    /// The event that Lambda makes of the call by somebody who presents this secret.
    pub(crate) fn request(&self, secret: &str) -> Value {
        let call = self.request.clone();
        match self.which {
            Which::Mailchimp => call.query(&format!("secret={secret}")).into(),
            Which::MandrillEvents => {
                let signature = self.mail.as_ref().map(|mail| mail.signature(secret));
                call.header("x-mandrill-signature", signature.unwrap_or_default()).into()
            }
            _ => call.header("authorization", secret).into(),
        }
    }

    /// Whether a vendor tells it of a person: Segment is sent each of them alone, and by keys of its own.
    pub(crate) fn is_inbound(&self) -> bool {
        self.mailchimp.is_some() || self.mail.is_some()
    }

    /// The keys by which the vendor may know its work.
    pub(crate) fn vendor_keys(&self) -> [&str; 2] {
        [&self.idempotency_key, &self.later_key]
    }
}

/// A UUID like any other.
pub(crate) fn uuid(chance: &Chance) -> Uuid {
    Builder::from_random_bytes(chance.bits().to_be_bytes()).into_uuid()
}
