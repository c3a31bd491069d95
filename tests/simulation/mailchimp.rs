//! Mailchimp's contacts, and what it tells of them: in any order, several things in one second.

use std::time::Duration;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::{
    chance::{Chance, Fault},
    event::uuid,
    settings::Inbound,
    world::BEGIN,
};

/// The audiences.
const LISTS: [&str; 2] = ["a6b5da1054", "b7c6eb2165"];

/// A history lasts so many seconds: some of its events share one.
const SECONDS: usize = 6;

/// What can be told of a contact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Subscribe,
    Unsubscribe,
    Abuse,
    Hard,
    Profile,
    Upemail,
}

/// The kinds, those about consent more often.
const KINDS: [Kind; 10] = [
    Kind::Subscribe,
    Kind::Subscribe,
    Kind::Subscribe,
    Kind::Unsubscribe,
    Kind::Unsubscribe,
    Kind::Unsubscribe,
    Kind::Abuse,
    Kind::Hard,
    Kind::Profile,
    Kind::Upemail,
];

impl Kind {
    /// The consent that it gives or takes.
    pub(crate) fn consent(self) -> Option<bool> {
        match self {
            Self::Subscribe => Some(true),
            Self::Unsubscribe | Self::Abuse => Some(false),
            Self::Hard | Self::Profile | Self::Upemail => None,
        }
    }

    /// In Mailchimp's word.
    fn word(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Abuse | Self::Hard => "cleaned",
            Self::Profile => "profile",
            Self::Upemail => "upemail",
        }
    }

    /// The lane, by its name in the table.
    pub(crate) fn lane(self) -> &'static str {
        match self {
            Self::Profile | Self::Upemail => "profile",
            _ => "consent",
        }
    }
}

/// Somebody whom Ory knows, or does not.
pub(crate) struct Person {
    pub(crate) id: Uuid,
    /// By which the person signs in.
    pub(crate) address: String,
    /// A second one, which Ory knows only where it is verified.
    other: String,
    pub(crate) verified: [bool; 2],
    pub(crate) is_known: bool,
    /// The consent at the beginning.
    pub(crate) consent: Option<bool>,
    /// When the identity is deleted.
    pub(crate) vanishes: Option<Duration>,
}

impl Person {
    /// Some people, the last of them perhaps unknown to Ory.
    pub(crate) fn draw(chance: &Chance) -> Vec<Self> {
        (0..chance.number(1..4)).map(|n| Self::one(n, chance)).collect()
    }

    fn one(n: usize, chance: &Chance) -> Self {
        let test = if chance.is(0.07) { "test-" } else { "" };
        let latest = Duration::from_hours(2);
        Self {
            id: uuid(chance),
            address: format!("{test}{n}@contacts.example.com"),
            other: format!("{test}{n}@other.example.com"),
            verified: [chance.is(0.7), chance.is(0.5)],
            is_known: chance.is(0.85),
            consent: [None, Some(false), Some(true)][chance.number(0..3)],
            vanishes: chance.is(0.1).then(|| chance.scale(Duration::from_millis(100)..latest)),
        }
    }

    pub(crate) fn addresses(&self) -> [&str; 2] {
        [&self.address, &self.other]
    }

    fn has_verified(&self, address: &str) -> bool {
        self.addresses().into_iter().zip(self.verified).any(|(known, is)| is && known == address)
    }
}

/// What one event tells.
pub(crate) struct Told {
    pub(crate) kind: Kind,
    second: usize,
    pub(crate) list: &'static str,
    /// For an upemail the old one and the new one.
    pub(crate) addresses: Vec<String>,
    /// The merge field `ORY_ID`.
    named: Option<String>,
    /// What makes the event another than one that is like it.
    mark: Uuid,
}

impl Told {
    /// An event about this person.
    pub(crate) fn draw(n: usize, people: &[Person], inbound: Inbound, chance: &Chance) -> Self {
        let person = &people[n];
        let kind = KINDS[chance.number(0..KINDS.len())];
        let address = person.addresses()[usize::from(chance.is(0.2))].to_owned();
        let new = if chance.is(0.5) { person.address.clone() } else { format!("new-{address}") };
        let lists = if inbound == Inbound::ByList { LISTS.len() } else { 1 };
        Self {
            kind,
            second: chance.number(0..SECONDS),
            list: LISTS[chance.number(0..lists)],
            addresses: if kind == Kind::Upemail { vec![address, new] } else { vec![address] },
            named: named(n, people, chance),
            mark: uuid(chance),
        }
    }

    pub(crate) fn withdraws(&self) -> bool {
        self.kind.consent() == Some(false)
    }

    /// The later, the newer; within a second a withdrawal is the newest.
    pub(crate) fn rank(&self) -> (usize, bool) {
        (self.second, self.withdraws())
    }

    /// Whether the other is newer. A bounce says nothing about consent, and beats nothing.
    pub(crate) fn is_beaten_by(&self, other: &Self) -> bool {
        let (second, other_second) = (self.second, other.second);
        let gives = self.kind == Kind::Subscribe;
        let beats = other_second > second || other_second == second && gives && other.withdraws();
        beats && self.is_ordered() && other.is_ordered()
    }

    /// Whether nothing but their keys tells which of the two is newer.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.second == other.second && self.kind == other.kind && self.is_ordered()
    }

    fn is_ordered(&self) -> bool {
        self.kind != Kind::Hard
    }

    fn fired_at(&self) -> OffsetDateTime {
        BEGIN + Duration::from_secs(self.second as u64)
    }

    /// The same, as templates see it.
    pub(crate) fn timestamp(&self) -> String {
        self.fired_at().format(&Rfc3339).expect("a time of this age")
    }

    /// Whom it is about: the identity that it names, if that may be, else whoever signs in by an
    /// address.
    pub(crate) fn subject(&self, people: &[Person]) -> Option<usize> {
        let known = |person: &Person| person.is_known;
        let named = people.iter().position(|person| {
            let is_named = self.named.as_ref().is_some_and(|id| *id == person.id.to_string());
            known(person)
                && is_named
                && (self.withdraws() || person.has_verified(&self.addresses[0]))
        });
        let by_address = |address: &String| {
            people.iter().position(|person| known(person) && person.address == *address)
        };
        // Upemails carry no merge fields.
        let named = named.filter(|_| self.carries_merges());
        named.or_else(|| self.addresses.iter().find_map(by_address))
    }

    fn carries_merges(&self) -> bool {
        matches!(self.kind, Kind::Subscribe | Kind::Unsubscribe | Kind::Profile)
    }

    /// The body of Mailchimp's call.
    pub(crate) fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        let time = self.timestamp().replace('T', " ").replace('Z', "");
        form.append_pair("type", self.kind.word()).append_pair("fired_at", &time);
        form.append_pair("data[id]", &self.mark.to_string());
        form.append_pair("data[list_id]", self.list);
        match self.addresses.as_slice() {
            [old, new] => {
                form.append_pair("data[old_email]", old).append_pair("data[new_email]", new);
            }
            _ => {
                form.append_pair("data[email]", &self.addresses[0]);
            }
        }
        match self.kind {
            Kind::Abuse => {
                form.append_pair("data[reason]", "abuse");
            }
            Kind::Hard => {
                form.append_pair("data[reason]", "hard");
            }
            _ => {}
        }
        if self.carries_merges() {
            form.append_pair("data[merges][FNAME]", "Ann");
            form.append_pair("data[merges][ORY_ID]", self.named.as_deref().unwrap_or_default());
        }
        form.finish()
    }

    /// What it is to change of an identity, by the run's template: where, and to what; `None`
    /// where something is to be taken away.
    pub(crate) fn wants(&self, inbound: Inbound) -> Vec<(String, Option<Value>)> {
        let Some(place) = inbound.place(self.list) else { return Vec::new() };
        let email = || Some(json!(self.addresses[0]));
        match (self.kind, inbound) {
            (Kind::Hard, Inbound::ByList) => vec![(format!("{place}/bounced"), email())],
            (Kind::Hard, _) => {
                vec![("/metadata_public/mailchimp/undeliverable".to_owned(), email())]
            }
            (kind, _) => {
                let Some(given) = kind.consent() else { return Vec::new() };
                let since = given.then(|| json!(self.timestamp()));
                match inbound {
                    Inbound::ByList => vec![
                        (format!("{place}/consent"), Some(json!(given))),
                        (format!("{place}/since"), since),
                    ],
                    _ => vec![(place, Some(json!(given)))],
                }
            }
        }
    }
}

/// What stands in the merge field `ORY_ID`. Whoever is to vanish is named by nobody else.
fn named(n: usize, people: &[Person], chance: &Chance) -> Option<String> {
    let other = &people[chance.number(0..people.len())];
    let own = people[n].id;
    match chance.number(0..8) {
        0 => Some(own.to_string()),
        1 | 2 if other.vanishes.is_none() && other.id != own => {
            chance.count(Fault::StrangersId);
            Some(other.id.to_string())
        }
        3 => {
            chance.count(Fault::Rubbish);
            Some("not an id".to_owned())
        }
        _ => None,
    }
}
