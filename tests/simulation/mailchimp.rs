//! Mailchimp's contacts, and the events about them: in any order, several things in one second.

use std::time::Duration;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::{
    chance::Chance,
    event::uuid,
    fault::Fault,
    person::Person,
    settings::{Inbound, Settings},
    world::BEGIN,
};

/// The audiences.
pub(crate) const LISTS: [&str; 2] = ["a6b5da1054", "b7c6eb2165"];

/// A short history lasts so long: some of its events share a second.
const SHORT: Duration = Duration::from_secs(6);
const LONG: Duration = Duration::from_hours(2);

/// What somebody writes who wants to be the last for ever.
const FAR_FUTURE: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

/// What can be reported about a contact.
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
}

/// What one event reports.
pub(crate) struct MailchimpEvent {
    pub(crate) kind: Kind,
    /// When the person did it, counted from the beginning.
    pub(crate) said: Duration,
    /// What Mailchimp says of that.
    fired_at: OffsetDateTime,
    /// Whether that is ahead of the truth.
    pub(crate) is_ahead: bool,
    pub(crate) list: &'static str,
    /// Whose contact it is, by the number of the person.
    pub(crate) owner: usize,
    /// For an upemail the old one and the new one.
    pub(crate) addresses: Vec<String>,
    /// The merge field `ORY_ID`.
    named: Option<String>,
    /// What makes the event another than one that is like it.
    mark: Uuid,
}

impl MailchimpEvent {
    /// An event about this person.
    pub(crate) fn draw(
        owner: usize,
        people: &[Person],
        settings: &Settings,
        chance: &Chance,
    ) -> Self {
        let person = &people[owner];
        let kind = KINDS[chance.number(0..KINDS.len())];
        let address = person.addresses()[usize::from(chance.is(0.2))].to_owned();
        let new = if chance.is(0.5) { person.address.clone() } else { format!("new-{address}") };
        let is_short = chance.is(0.6);
        let said =
            if is_short { chance.time(Duration::ZERO..SHORT) } else { chance.scale(SHORT..LONG) };
        let truth = BEGIN + Duration::from_secs(said.as_secs());
        let ahead = if chance.strikes(Fault::FarFuture) {
            Some(FAR_FUTURE)
        } else if chance.strikes(Fault::AheadOfTime) {
            let by = chance.scale(Duration::from_secs(10)..Duration::from_mins(30)).as_secs();
            Some(truth + Duration::from_secs(by))
        } else {
            None
        };
        let is_second = settings.has_two_lists && chance.is(0.5);
        if is_second && settings.inbound != Inbound::ByList {
            chance.count(Fault::TwoLists);
        }
        Self {
            kind,
            said,
            fired_at: ahead.unwrap_or(truth),
            is_ahead: ahead.is_some(),
            list: LISTS[usize::from(is_second)],
            owner,
            addresses: if kind == Kind::Upemail { vec![address, new] } else { vec![address] },
            named: named(owner, people, chance),
            mark: uuid(chance),
        }
    }

    /// When the person did it.
    pub(crate) fn said_at(&self) -> OffsetDateTime {
        BEGIN + self.said
    }

    /// When Mailchimp says that it was.
    pub(crate) fn fired_at(&self) -> OffsetDateTime {
        self.fired_at
    }

    /// Whose id stands in the contact, by the number of the person.
    pub(crate) fn carries(&self, people: &[Person]) -> Option<usize> {
        let named = self.named.as_ref().filter(|_| self.carries_merges())?;
        people.iter().position(|person| person.id.to_string() == *named)
    }

    /// Upemails and bounces carry no merge fields.
    fn carries_merges(&self) -> bool {
        matches!(self.kind, Kind::Subscribe | Kind::Unsubscribe | Kind::Profile)
    }

    /// What Segment is to receive by the run's template: the trait, and its value.
    pub(crate) fn shown(&self, inbound: Inbound) -> Option<(String, Value)> {
        match self.kind {
            Kind::Hard => None,
            Kind::Profile => Some(("firstName".to_owned(), json!(self.mark.to_string()))),
            Kind::Upemail => Some(("email".to_owned(), json!(self.addresses[1]))),
            Kind::Subscribe | Kind::Unsubscribe | Kind::Abuse => {
                Some((inbound.consent_trait(self.list), json!(self.kind.consent())))
            }
        }
    }

    /// The body of Mailchimp's call.
    pub(crate) fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        let time = self.fired_at.format(&Rfc3339).expect("a time of this age");
        let time = time.replace('T', " ").replace('Z', "");
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
            form.append_pair("data[merges][FNAME]", &self.mark.to_string());
            form.append_pair("data[merges][ORY_ID]", self.named.as_deref().unwrap_or_default());
        }
        form.finish()
    }
}

/// What stands in the merge field `ORY_ID`. Whoever is to vanish is named by nobody else.
fn named(owner: usize, people: &[Person], chance: &Chance) -> Option<String> {
    let other = &people[chance.number(0..people.len())];
    let own = people[owner].id;
    if chance.strikes(Fault::StrangersId) && other.vanishes.is_none() && other.id != own {
        Some(other.id.to_string())
    } else if chance.strikes(Fault::Rubbish) {
        Some("not an id".to_owned())
    } else {
        chance.is(0.2).then(|| own.to_string())
    }
}
