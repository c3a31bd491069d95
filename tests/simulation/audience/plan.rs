//! Who is to be in the audience, and what each does when.

use std::time::Duration;

use fakes::mailchimp::{Act, Moving, Resubscribing, Status};
use serde_json::{Map, json};
use shared::{backfill::Run, ctx::AddAs};
use uuid::Uuid;

use crate::{chance::Chance, event::uuid, fault::Fault};

/// A short life: much of it happens at once.
const SHORT: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_hours(8);

/// The most that one does.
const MOST: usize = 8;

/// How many addresses one has in turn.
const ADDRESSES: usize = 3;

/// The people of a run, and the audience.
pub(crate) struct Lives {
    pub(crate) people: Vec<Life>,
    pub(crate) double_opt_in: bool,
    pub(crate) resubscribing: Resubscribing,
    pub(crate) moving: Moving,
    /// Whether Ory changes an address only when the new one is verified.
    pub(crate) is_deferred: bool,
}

/// One of them.
pub(crate) struct Life {
    pub(crate) id: Uuid,
    pub(crate) addresses: Vec<String>,
    /// Whether the identity is that of somebody else, who registers with the person's address and
    /// never gets a mail there.
    pub(crate) is_strangers: bool,
    /// The contact at the beginning, and since when it is so.
    pub(crate) begins_as: Option<Status>,
    pub(crate) is_since: Duration,
    /// Whether the identity is there from the beginning.
    pub(crate) is_there: bool,
    pub(crate) is_there_since: Duration,
    pub(crate) is_verified: bool,
    /// The consent of an identity that is there, or the box of the registration.
    pub(crate) consent: Option<bool>,
    /// How often such a person clicks a link to confirm.
    pub(crate) clicks: f64,
    pub(crate) steps: Vec<(Duration, Does)>,
}

/// One thing that somebody does.
#[derive(Clone)]
pub(crate) enum Does {
    Registers,
    /// The present address, or the one that is to be.
    Verifies,
    /// In the settings.
    Says(bool),
    Renames,
    LogsIn,
    /// In the settings.
    Moves,
    /// At Mailchimp, or Mailchimp itself.
    Acts(Act),
    /// By an operator, for a backfill.
    IsListed(Run, Option<AddAs>),
}

impl Does {
    fn draw(life: usize, chance: &Chance) -> Self {
        let all = [
            (8, Self::Says(true)),
            (8, Self::Says(false)),
            (6, Self::Renames),
            (2, Self::LogsIn),
            (5, Self::Moves),
            (8, Self::Verifies),
            (8, Self::Acts(Act::Unsubscribes)),
            (2, Self::Acts(Act::Complains)),
            (4, Self::Acts(Act::SignsUp)),
            (2, Self::Acts(Act::Moves(address(life, chance.number(0..ADDRESSES))))),
            (1, Self::Acts(Act::Bounces)),
            (1, Self::Acts(Act::IsCleanedForAbuse)),
            (2, Self::Acts(Act::AdminUnsubscribes)),
            (2, Self::Acts(Act::AdminArchives)),
            (1, Self::Acts(Act::AdminForgets)),
            (3, Self::IsListed(Run::Backfill, None)),
            (2, Self::IsListed(Run::Reconcile, None)),
            (5, Self::IsListed(Run::Backfill, Some(AddAs::Subscribed))),
            (4, Self::IsListed(Run::Backfill, Some(AddAs::Pending))),
            (1, Self::Acts(Act::AdminEdits(Map::from_iter([("LNAME".to_owned(), json!("X"))])))),
        ];
        let mut left = chance.number(0..all.iter().map(|(weight, _)| weight).sum());
        let drawn = all.into_iter().find(|(weight, _)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        drawn.map_or(Self::Renames, |(_, does)| does)
    }

    /// How it is counted.
    pub(crate) fn fault(&self) -> Option<Fault> {
        Some(match self {
            Self::Registers => Fault::Registered,
            Self::Verifies => Fault::Verified,
            Self::Says(true) => Fault::Consented,
            Self::Says(false) => Fault::Withdrew,
            Self::Renames => Fault::Changed,
            Self::LogsIn => Fault::LoggedIn,
            Self::Moves => Fault::MovedHere,
            Self::Acts(Act::SignsUp) => Fault::SignedUpThere,
            Self::Acts(Act::Confirms) => Fault::Confirmed,
            Self::Acts(Act::Unsubscribes) => Fault::Unsubscribed,
            Self::Acts(Act::Complains) => Fault::Complained,
            Self::Acts(Act::Moves(_)) => Fault::MovedThere,
            Self::Acts(Act::Bounces) => Fault::Bounced,
            Self::Acts(Act::IsCleanedForAbuse) => Fault::Cleaned,
            Self::Acts(Act::AdminUnsubscribes) => Fault::AdminUnsubscribed,
            Self::Acts(Act::AdminArchives) => Fault::AdminArchived,
            Self::Acts(Act::AdminForgets) => Fault::AdminForgot,
            Self::Acts(Act::AdminEdits(_)) => Fault::AdminEdited,
            Self::Acts(Act::Edits(_)) => return None,
            Self::IsListed(_, None) => Fault::Listed,
            Self::IsListed(_, Some(AddAs::Subscribed)) => Fault::ListedToSubscribe,
            Self::IsListed(_, Some(AddAs::Pending)) => Fault::ListedToConfirm,
        })
    }

    /// What the run always has: people who sign up, and verify. All else may be left out.
    fn is_allowed(&self) -> bool {
        let is_always = matches!(self, Self::Registers | Self::Verifies);
        is_always || self.fault().is_none_or(Fault::is_allowed)
    }
}

impl Lives {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let resubscribing =
            [Resubscribing::Refused, Resubscribing::RefusedToThePerson, Resubscribing::Allowed];
        Self {
            people: (0..chance.number(1..4).min(chance.number(1..4)))
                .map(|n| Life::draw(n, chance))
                .collect(),
            double_opt_in: chance.is(0.5),
            resubscribing: resubscribing[chance.number(0..3)],
            moving: if chance.is(0.8) { Moving::Subscribed } else { Moving::Any },
            is_deferred: chance.is(0.3),
        }
    }

    /// Whose address it is.
    pub(crate) fn owner(&self, address: &str) -> Option<usize> {
        let is_theirs =
            |life: &Life| life.addresses.iter().any(|one| one.eq_ignore_ascii_case(address));
        self.people.iter().position(is_theirs)
    }
}

impl Life {
    fn draw(number: usize, chance: &Chance) -> Self {
        let is_strangers = chance.has(Fault::StrangersAddress, 0.1);
        let is_there = !is_strangers && chance.is(0.4);
        let statuses = [
            Some(Status::Subscribed),
            Some(Status::Subscribed),
            Some(Status::Unsubscribed),
            Some(Status::Unsubscribed),
            Some(Status::Transactional),
            Some(Status::Archived),
            Some(Status::Cleaned),
            Some(Status::Pending),
        ];
        let begins_as = if chance.is(0.4) { statuses[chance.number(0..8)] } else { None };
        let longest = if chance.is(0.5) { SHORT } else { LONG };
        let time = || chance.scale(Duration::from_millis(50)..longest);
        let count = chance.number(1..MOST + 1).min(chance.number(1..MOST + 1));
        let mut steps: Vec<_> = (0..count).map(|_| (time(), Does::draw(number, chance))).collect();
        let mut is_verified = chance.is(0.6);
        if !is_there {
            let at = time();
            steps.push((at, Does::Registers));
            // Else the address is verified by who signs in with another's help, or never.
            is_verified = !is_strangers && chance.is(0.2);
            if chance.is(0.7) {
                steps.push((at + time(), Does::Verifies));
            }
        }
        steps.retain(|(_, does)| does.is_allowed());
        steps.sort_by_key(|(at, _)| *at);
        Self {
            id: uuid(chance),
            addresses: (0..ADDRESSES).map(|n| address(number, n)).collect(),
            is_strangers,
            begins_as: if is_strangers {
                begins_as.or(statuses[chance.number(0..8)])
            } else {
                begins_as
            },
            is_since: Duration::from_hours([1, 48, 24 * 400][chance.number(0..3)]),
            is_there,
            is_there_since: Duration::from_hours([1, 24, 24 * 30][chance.number(0..3)]),
            is_verified,
            consent: [None, Some(false), Some(true), Some(true)][chance.number(0..4)],
            clicks: [0.0, 0.5, 0.9][chance.number(0..3)],
            steps,
        }
    }
}

fn address(life: usize, number: usize) -> String {
    format!("{}{life}@audience.example.org", ["ann", "ann.new", "ann.last"][number])
}
