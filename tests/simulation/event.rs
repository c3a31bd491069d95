//! The events of a run, with the keys by which the table and the vendors know them.

use std::time::Duration;

use integration::Event;
use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    key::{Key, WorkKey},
};
use uuid::{Builder, Uuid};

use crate::{
    chance::Chance,
    mailchimp::{Person as Contact, Told},
    settings::{CALLER_SECRET, Settings, Which},
};

/// The most events of one function; mostly there are fewer.
const MOST: usize = 6;
/// Mailchimp's.
const MOST_TOLD: usize = 5;

/// One event that will be told to a function.
pub(crate) struct Planned {
    pub(crate) which: Which,
    /// When its caller calls for the first time.
    pub(crate) at: Duration,
    /// The event that Lambda makes of the call.
    pub(crate) request: Value,
    /// The event's own key.
    pub(crate) key: String,
    /// The work's key, as the table has it.
    pub(crate) record_id: String,
    /// The work's key, as the vendor has it.
    pub(crate) vendor_key: String,
    /// Whom it is about.
    pub(crate) address: String,
    /// Whether the template cancels it.
    pub(crate) is_cancelled: bool,
    /// What it tells, if it is Mailchimp's.
    pub(crate) told: Option<Told>,
}

/// Whom an event is about.
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
        let people: Vec<_> = (0..chance.number(1..4))
            .map(|n| {
                let test = if chance.is(0.07) { "test-" } else { "" };
                let address = format!("{test}{n}@{}.example.com", which.name());
                Person { id: uuid(chance), address }
            })
            .collect();
        let count = chance.number(1..MOST + 1).min(chance.number(1..MOST + 1));
        (0..count)
            .map(|_| {
                let person = &people[chance.number(0..people.len())];
                let longest = Duration::from_hours(if chance.is(0.8) { 1 } else { 24 });
                let at = chance.scale(Duration::from_millis(10)..longest);
                Self::of_ory(settings, person, at, chance)
            })
            .collect()
    }

    /// Mailchimp's events about these people: some all at once, some over a day.
    pub(crate) fn draw_told(settings: &Settings, people: &[Contact], chance: &Chance) -> Vec<Self> {
        let hours = Duration::from_hours([1, 1, 24][chance.number(0..3)]);
        let longest = if chance.is(0.4) { Duration::from_secs(2) } else { hours };
        let count = chance.number(1..MOST_TOLD + 1).min(chance.number(1..MOST_TOLD + 1));
        (0..count)
            .map(|_| {
                let person = chance.number(0..people.len());
                let told = Told::draw(person, people, settings.inbound, chance);
                let at = chance.scale(Duration::from_millis(10)..longest);
                Self::of_mailchimp(settings, told, at)
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
        let decoded = Ctx::decode(ctx.to_string().as_bytes()).expect("a usable ctx").reduce();
        let key = Key::of_event(trigger, decoded.as_value());
        let named = person.id.to_string();
        let work = WorkKey::new(&key, settings.is_named.then_some(named.as_str()));
        let event = Event::of_ory(&ctx, &trigger.unwrap_or_default().to_string());
        let event = if trigger.is_some() { event } else { event.without_trigger() };
        let request = event.header("authorization", CALLER_SECRET).into();
        let of = Self::of(settings.which, person.address.clone(), at, request, (&key, &work));
        Self { is_cancelled, ..of }
    }

    fn of_mailchimp(settings: &Settings, told: Told, at: Duration) -> Self {
        let form = told.form();
        let key = Key::digest(form.as_bytes());
        let work = WorkKey::new(&key, None);
        let request = Event::of_mailchimp(form).query(&format!("secret={CALLER_SECRET}")).into();
        let address = told.addresses[0].clone();
        let is_cancelled = settings.inbound.cancels(&address);
        let of = Self::of(Which::Mailchimp, address, at, request, (&key, &work));
        Self { is_cancelled, told: Some(told), ..of }
    }

    fn of(
        which: Which,
        address: String,
        at: Duration,
        request: Value,
        (key, work): (&Key, &WorkKey),
    ) -> Self {
        Self {
            which,
            at,
            request,
            key: key.as_str().to_owned(),
            record_id: work.record_id(which.name()),
            vendor_key: work.for_vendor(&which.arn()),
            is_cancelled: false,
            address,
            told: None,
        }
    }
}

/// A UUID like any other.
pub(crate) fn uuid(chance: &Chance) -> Uuid {
    Builder::from_random_bytes(chance.bits().to_be_bytes()).into_uuid()
}
