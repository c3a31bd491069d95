//! The people that Mailchimp reports about, as they are in truth.

use std::time::Duration;

use uuid::Uuid;

use crate::{chance::Chance, event::uuid, fault::Fault};

/// Somebody whom Ory knows, or does not.
pub(crate) struct Person {
    pub(crate) id: Uuid,
    /// By which the person signs in.
    pub(crate) address: String,
    /// A second one, which Ory knows only where it is verified.
    pub(crate) other: String,
    pub(crate) verified: [bool; 2],
    pub(crate) is_known: bool,
    /// The consent at the beginning.
    pub(crate) consent: Option<bool>,
    /// When the identity is deleted.
    pub(crate) vanishes: Option<Duration>,
    /// When the person signs up, and from when on Ory's list shows it.
    pub(crate) signs_up: Option<[Duration; 2]>,
    /// Another identity of the same human, by the same address.
    pub(crate) twin: Option<usize>,
}

impl Person {
    /// Some people, some of them unknown to Ory.
    pub(crate) fn draw(chance: &Chance) -> Vec<Self> {
        let mut people: Vec<Self> =
            (0..chance.number(1..4)).map(|n| Self::one(n, chance)).collect();
        if people.len() > 1 && chance.has(Fault::TwoByAddress, 0.03) {
            let (first, second) = (0, people.len() - 1);
            let (address, other) = (people[first].address.clone(), people[first].other.clone());
            people[second] = Self { address, other, ..Self::one(second, chance) };
            for (one, other) in [(first, second), (second, first)] {
                people[one].twin = Some(other);
                people[one].is_known = true;
                people[one].vanishes = None;
                people[one].signs_up = None;
            }
        }
        people
    }

    fn one(n: usize, chance: &Chance) -> Self {
        let test = if chance.is(0.07) { "test-" } else { "" };
        let latest = Duration::from_hours(2);
        let soon = Duration::from_millis(100);
        let signs_up = chance.has(Fault::ListLags, 0.08).then(|| {
            let at = chance.scale(soon..Duration::from_secs(20));
            [at, at + chance.scale(Duration::from_secs(1)..Duration::from_mins(10))]
        });
        Self {
            id: uuid(chance),
            address: format!("{test}{n}@contacts.example.com"),
            other: format!("{test}{n}@other.example.com"),
            verified: [chance.is(0.7), chance.is(0.5)],
            is_known: chance.is(0.85),
            consent: [None, Some(false), Some(true)][chance.number(0..3)],
            vanishes: chance.has(Fault::Vanished, 0.1).then(|| chance.scale(soon..latest)),
            signs_up,
            twin: None,
        }
    }

    pub(crate) fn addresses(&self) -> [&str; 2] {
        [&self.address, &self.other]
    }

    pub(crate) fn has_verified(&self, address: &str) -> bool {
        self.addresses().into_iter().zip(self.verified).any(|(known, is)| is && known == address)
    }
}
