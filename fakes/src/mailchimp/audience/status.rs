//! The states of a contact, and the transitions that the API makes.

use serde::{Deserialize, Serialize};

/// The state of a contact.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Receives campaigns.
    Subscribed,
    /// Was mailed a link to confirm, and has not clicked it yet.
    Pending,
    /// Receives none any more.
    Unsubscribed,
    /// Its address bounces, or its owner complained.
    Cleaned,
    /// Is known and has not opted in.
    Transactional,
    /// Was removed, and is kept.
    Archived,
}

use Status::{Archived, Cleaned, Pending, Subscribed, Transactional, Unsubscribed};

/// Whether the API may set `subscribed` for somebody who is unsubscribed or cleaned. Reports
/// contradict each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Resubscribing {
    /// Never.
    #[default]
    Refused,
    /// Only for a contact that was unsubscribed by somebody other than the person.
    RefusedToThePerson,
    /// For each of them.
    Allowed,
}

/// Which contacts may move to another address.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Moving {
    /// Only subscribed ones.
    #[default]
    Subscribed,
    /// All.
    Any,
}

impl Status {
    /// What a body may ask for.
    pub(super) const SETTABLE: [Self; 5] =
        [Subscribed, Unsubscribed, Cleaned, Pending, Transactional];

    /// The API's word.
    pub fn word(self) -> &'static str {
        match self {
            Subscribed => "subscribed",
            Pending => "pending",
            Unsubscribed => "unsubscribed",
            Cleaned => "cleaned",
            Transactional => "transactional",
            Archived => "archived",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::SETTABLE.into_iter().find(|status| status.word() == word)
    }

    /// The word of the refusal to move a contact to an address that is in the list.
    pub(super) fn in_list(self) -> &'static str {
        match self {
            Subscribed => "Subscribed",
            Pending => "Pending",
            Unsubscribed => "Unsubscribed",
            Cleaned => "Cleaned",
            Transactional => "Non-Subscribed",
            Archived => "Deleted",
        }
    }
}

/// Whether the API may take a contact from one state to another. A person may have unsubscribed
/// `by_themselves`.
pub(super) fn may_become(
    from: Status,
    wanted: Status,
    by_themselves: bool,
    resubscribing: Resubscribing,
) -> bool {
    match (from, wanted) {
        (Unsubscribed | Cleaned, Subscribed) => match resubscribing {
            Resubscribing::Refused => false,
            Resubscribing::RefusedToThePerson => from == Unsubscribed && !by_themselves,
            Resubscribing::Allowed => true,
        },
        (Cleaned, Pending | Transactional) | (Unsubscribed, Transactional) => false,
        _ => true,
    }
}

/// Whether a contact can be archived.
pub(super) fn may_be_archived(status: Status) -> bool {
    !matches!(status, Archived | Cleaned | Pending)
}
