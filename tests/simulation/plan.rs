//! What a run is about: the functions' settings, the events, and when the world is broken.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use shared::key::Key;

use crate::{
    chance::Chance,
    event::Planned,
    mailchimp::Person,
    settings::{Inbound, Settings, Which},
};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The plan of one run.
pub(crate) struct Plan {
    pub(crate) settings: Vec<Settings>,
    pub(crate) events: Vec<Planned>,
    /// Whom Mailchimp tells of.
    pub(crate) people: Vec<Person>,
    /// Addresses that Mandrill rejects.
    pub(crate) rejected: BTreeSet<String>,
    /// Until when something is broken, each.
    pub(crate) wrong_key: Window,
    pub(crate) placeholder: Window,
    pub(crate) unpaid: Window,
    pub(crate) unsigned: Window,
    pub(crate) secrets_down: Window,
    /// How long the operator takes to send dead letters again, once all is mended.
    pub(crate) redrive_after: Duration,
    /// How many messages a batch of Segment's holds at most.
    pub(crate) batch: usize,
}

/// A while, counted from the run's beginning.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    from: Duration,
    to: Duration,
}

impl Window {
    fn draw(chance: &Chance, probability: f64) -> Self {
        if !chance.is(probability) {
            return Self { from: Duration::ZERO, to: Duration::ZERO };
        }
        // Seldom for longer than a message is tried.
        let longest = if chance.is(0.1) { 30 * HOUR } else { 2 * HOUR };
        let from = if chance.is(0.5) { Duration::ZERO } else { chance.time(MINUTE..HOUR) };
        Self { from, to: from + chance.scale(Duration::from_secs(5)..longest) }
    }

    pub(crate) fn holds(&self, at: Duration) -> bool {
        self.from <= at && at < self.to
    }
}

impl Plan {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let settings: Vec<_> =
            Which::ALL.iter().map(|which| Settings::draw(*which, chance)).collect();
        let people = Person::draw(chance);
        let events = settings.iter().flat_map(|settings| match settings.which {
            Which::Mailchimp => Planned::draw_told(settings, &people, chance),
            Which::Mandrill | Which::Segment => Planned::draw(settings, chance),
        });
        let events: Vec<_> = events.collect();
        let addresses: BTreeSet<_> = events.iter().map(|event| event.address.clone()).collect();
        let rejects = if chance.is(0.5) { 0.3 } else { 0.0 };
        Self {
            settings,
            rejected: addresses.into_iter().filter(|_| chance.is(rejects)).collect(),
            events,
            people,
            wrong_key: Window::draw(chance, 0.15),
            placeholder: Window::draw(chance, 0.1),
            unpaid: Window::draw(chance, 0.15),
            unsigned: Window::draw(chance, 0.1),
            secrets_down: Window::draw(chance, 0.15),
            redrive_after: chance.scale(MINUTE..240 * HOUR),
            batch: chance.number(1..11),
        }
    }

    /// When all is mended.
    pub(crate) fn mended(&self) -> Duration {
        let all = [self.wrong_key, self.placeholder, self.unpaid, self.unsigned, self.secrets_down];
        all.iter().map(|window| window.to).max().unwrap_or_default()
    }

    /// What becomes of Mailchimp's events.
    pub(crate) fn inbound(&self) -> Inbound {
        let mut settings = self.settings.iter();
        let of = settings.find(|settings| settings.which == Which::Mailchimp);
        of.map_or(Inbound::ByAddress, |settings| settings.inbound)
    }

    /// Whom an event of Mailchimp's is about, among those whom Ory knows.
    pub(crate) fn subject(&self, event: usize) -> Option<&Person> {
        let told = self.events[event].told.as_ref().filter(|_| self.inbound().has_ory())?;
        told.subject(&self.people).map(|person| &self.people[person])
    }

    /// The lane of an event of Mailchimp's: that of the identity, or else of the address.
    pub(crate) fn lane_of(&self, event: usize) -> String {
        let person = self.subject(event).map(|person| person.id.to_string());
        let address = || self.events[event].told.as_ref().map(|told| told.addresses[0].clone());
        self.lane(event, &person.or_else(address).unwrap_or_default())
    }

    /// The same of whoever it is, by its key in the table.
    pub(crate) fn lane(&self, event: usize, who: &str) -> String {
        let Some(told) = &self.events[event].told else { return String::new() };
        let hashed = || Key::digest(who.to_lowercase().as_bytes()).as_str().to_owned();
        let who = if who.contains('@') { hashed() } else { who.to_owned() };
        format!("{}#{}#{who}#{}", Which::Mailchimp.name(), told.list, told.kind.lane())
    }

    /// The event with this key of its own.
    pub(crate) fn by_key(&self, key: &str) -> Option<(usize, &Planned)> {
        self.events.iter().enumerate().find(|(_, event)| event.key == key)
    }

    /// The event that a vendor knows by this key.
    pub(crate) fn by_vendor_key(&self, key: &Value) -> Option<(usize, &Planned)> {
        self.events.iter().enumerate().find(|(_, event)| event.vendor_key == *key)
    }
}
