//! What a run is about: the functions' settings, the events, and when the world is broken.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use crate::{
    audience::plan::Lives,
    chance::Chance,
    erasure::Erasure,
    event::Planned,
    events::Events,
    fault::Fault,
    people::Act,
    person::Person,
    settings::{Inbound, Settings, Which},
};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The plan of one run.
pub(crate) struct Plan {
    pub(crate) settings: Vec<Settings>,
    pub(crate) events: Events,
    /// What people do who are to be in an audience; `None` where the run is about other events.
    pub(crate) lives: Option<Lives>,
    /// The people whom Mailchimp reports about.
    pub(crate) people: Vec<Person>,
    /// What people and operators do at Ory.
    pub(crate) acts: Vec<Act>,
    /// Who is erased, if anybody.
    pub(crate) erasure: Option<Erasure>,
    /// Addresses that Mandrill rejects.
    pub(crate) rejected: BTreeSet<String>,
    /// Until when something is broken, each.
    pub(crate) wrong_key: Window,
    pub(crate) placeholder: Window,
    pub(crate) unpaid: Window,
    pub(crate) unsigned: Window,
    pub(crate) secrets_down: Window,
    pub(crate) secrets_denied: Window,
    pub(crate) wrong_url: Window,
    pub(crate) broken_template: Window,
    pub(crate) searches_limited: Window,
    /// When another template is deployed.
    pub(crate) deployed: Duration,
    /// When the callers' secret is rotated, and when the callers present the new one.
    pub(crate) rotated: Option<[Duration; 2]>,
    /// When a leaked key of theirs is turned off.
    pub(crate) turned_off: Option<Duration>,
    /// When many call without the secret.
    pub(crate) strangers: Vec<Duration>,
    /// How long the operator takes to send dead letters again, once all is fixed.
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
    const NEVER: Self = Self { from: Duration::ZERO, to: Duration::ZERO };

    fn draw(chance: &Chance, fault: Fault, probability: f64) -> Self {
        if !chance.has(fault, probability) {
            return Self::NEVER;
        }
        // Seldom for longer than a message is tried.
        let longest = if chance.is(0.06) { 30 * HOUR } else { 2 * HOUR };
        let from = if chance.is(0.5) { Duration::ZERO } else { chance.time(MINUTE..HOUR) };
        Self { from, to: from + chance.scale(Duration::from_secs(5)..longest) }
    }

    /// Whether it ever comes.
    pub(crate) fn is_ever(&self) -> bool {
        self.from < self.to
    }

    pub(crate) fn holds(&self, at: Duration) -> bool {
        self.from <= at && at < self.to
    }
}

/// What a run is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scene {
    /// Events of Ory, Mailchimp and Mandrill, for the four functions that report or mail.
    Events,
    /// An audience that follows people, and people who are told what it says of them.
    Audience,
}

impl Plan {
    pub(crate) fn draw(scene: Scene, chance: &Chance) -> Self {
        match scene {
            Scene::Events => Self::draw_events(chance),
            Scene::Audience => Self::draw_audience(chance),
        }
    }

    /// People whom an audience follows. Their events come from what they do.
    fn draw_audience(chance: &Chance) -> Self {
        let which = [Which::Mailchimp, Which::Subscribe];
        let settings = which.map(|which| Settings::draw_following(which, chance)).into();
        let lives = Lives::draw(chance);
        let ids: Vec<_> = lives.people.iter().map(|life| life.id).collect();
        Self {
            erasure: Erasure::draw(&ids, chance),
            lives: Some(lives),
            ..Self::with(settings, Vec::new(), Events::to_come(), chance)
        }
    }

    fn draw_events(chance: &Chance) -> Self {
        let settings: Vec<_> =
            Which::OF_EVENTS.iter().map(|which| Settings::draw(*which, chance)).collect();
        let people = Person::draw(chance);
        let events = settings.iter().flat_map(|settings| match settings.which {
            Which::Mailchimp => Planned::draw_mailchimp(settings, &people, chance),
            Which::MandrillEvents => Vec::new(),
            _ => Planned::draw(settings, chance),
        });
        let events = Events::of(events.collect());
        Self::with(settings, people, events, chance)
    }

    fn with(settings: Vec<Settings>, people: Vec<Person>, events: Events, chance: &Chance) -> Self {
        let addresses: BTreeSet<_> = events.iter().map(|event| event.address.clone()).collect();
        let rejects = if chance.has(Fault::Rejected, 0.5) { 0.3 } else { 0.0 };
        let window = |fault, probability| Window::draw(chance, fault, probability);
        let inbound = inbound(&settings);
        // Without a table, nobody can tell the function.
        let of_mandrill = events.iter().filter(|event| event.which == Which::Mandrill);
        let ids = of_mandrill.filter_map(|event| event.identity);
        let ids: Vec<_> = ids.chain(people.iter().map(|person| person.id)).collect();
        Self {
            erasure: Erasure::draw(&ids, chance),
            acts: Act::draw(&people, inbound, chance),
            settings,
            rejected: addresses.into_iter().filter(|_| chance.is(rejects)).collect(),
            events,
            lives: None,
            people,
            wrong_key: window(Fault::WrongKey, 0.15),
            placeholder: window(Fault::Placeholder, 0.1),
            unpaid: window(Fault::Unpaid, 0.15),
            unsigned: window(Fault::Unsigned, 0.1),
            secrets_down: window(Fault::SecretsDown, 0.1),
            secrets_denied: window(Fault::SecretsDenied, 0.06),
            wrong_url: window(Fault::WrongUrl, 0.05),
            broken_template: window(Fault::BrokenTemplate, 0.03),
            searches_limited: window(Fault::SearchLimited, 0.06),
            deployed: chance.scale(Duration::from_secs(1)..2 * HOUR),
            rotated: chance.has(Fault::Rotated, 0.1).then(|| {
                let at = chance.scale(Duration::from_secs(1)..HOUR);
                [at, at + chance.scale(MINUTE..HOUR)]
            }),
            turned_off: chance
                .has(Fault::TurnedOff, 0.1)
                .then(|| chance.scale(Duration::from_secs(1)..HOUR)),
            strangers: (0..3)
                .filter(|_| chance.would_strike(Fault::Strangers))
                .map(|_| chance.scale(Duration::from_millis(10)..HOUR))
                .collect(),
            redrive_after: chance.scale(MINUTE..240 * HOUR),
            batch: chance.number(1..11),
        }
    }

    /// When all is fixed.
    pub(crate) fn mended(&self) -> Duration {
        let all = [
            self.wrong_key,
            self.placeholder,
            self.unpaid,
            self.unsigned,
            self.secrets_down,
            self.secrets_denied,
            self.wrong_url,
            self.broken_template,
            self.searches_limited,
        ];
        all.iter().map(|window| window.to).max().unwrap_or_default()
    }

    /// The settings of a function.
    pub(crate) fn of(&self, which: Which) -> &Settings {
        let mut settings = self.settings.iter();
        settings.find(|settings| settings.which == which).expect("every function is there")
    }

    /// What becomes of Mailchimp's events.
    pub(crate) fn inbound(&self) -> Inbound {
        inbound(&self.settings)
    }

    /// The event with this key of its own.
    pub(crate) fn by_key(&self, key: &str) -> Option<(usize, &Planned)> {
        self.events.iter().enumerate().find(|(_, event)| event.key == key)
    }

    /// The event that a vendor knows by this key; Segment has other keys for Mailchimp's.
    pub(crate) fn by_vendor_key(&self, key: &Value) -> Option<(usize, &Planned)> {
        let key = key.as_str()?;
        self.events.iter().enumerate().find(|(_, event)| event.vendor_keys().contains(&key))
    }
}

fn inbound(settings: &[Settings]) -> Inbound {
    let mut settings = settings.iter();
    let of = settings.find(|settings| settings.which == Which::Mailchimp);
    of.map_or(Inbound::ByAddress, |settings| settings.inbound)
}
