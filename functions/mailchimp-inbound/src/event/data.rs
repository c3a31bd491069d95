//! `type` and `data` of an event: one of the six documented types.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Campaign, Cleaned, EventError, Merges, Profile, Subscribe, Unsubscribe, Upemail, fields::Fields,
};

/// What happened, by type. Serialised, it is `{"type": …, "data": {…}}`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub enum Data {
    /// A contact joined.
    Subscribe(Subscribe),
    /// A contact left.
    Unsubscribe(Unsubscribe),
    /// A contact's fields changed.
    Profile(Profile),
    /// A contact's address changed.
    Upemail(Upemail),
    /// An address proved undeliverable, or its owner complained.
    Cleaned(Cleaned),
    /// A campaign was sent, or was not.
    Campaign(Campaign),
}

impl Data {
    /// Reads the fields of one type; `None` for an unknown type.
    pub(super) fn read(kind: &str, fields: Fields) -> Result<Option<Self>, EventError> {
        Ok(Some(match kind {
            "subscribe" => Self::Subscribe(Subscribe::read(fields)?),
            "unsubscribe" => Self::Unsubscribe(Unsubscribe::read(fields)?),
            "profile" => Self::Profile(Profile::read(fields)?),
            "upemail" => Self::Upemail(Upemail::read(fields)?),
            "cleaned" => Self::Cleaned(Cleaned::read(fields)?),
            "campaign" => Self::Campaign(Campaign::read(fields)?),
            _ => return Ok(None),
        }))
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Subscribe(_) => "subscribe",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Profile(_) => "profile",
            Self::Upemail(_) => "upemail",
            Self::Cleaned(_) => "cleaned",
            Self::Campaign(_) => "campaign",
        }
    }

    pub(super) fn list_id(&self) -> &str {
        match self {
            Self::Subscribe(data) => &data.contact.list_id,
            Self::Unsubscribe(data) => &data.contact.list_id,
            Self::Profile(data) => &data.contact.list_id,
            Self::Upemail(data) => &data.list_id,
            Self::Cleaned(data) => &data.list_id,
            Self::Campaign(data) => &data.list_id,
        }
    }

    /// Every address by which the contact may be known, in the order to try them: for `upemail` the old
    /// one, then the new one. A campaign has none.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Subscribe(data) => (Some(&data.contact.email), None),
            Self::Unsubscribe(data) => (Some(&data.contact.email), None),
            Self::Profile(data) => (Some(&data.contact.email), None),
            Self::Upemail(data) => (Some(&data.old_email), Some(&data.new_email)),
            Self::Cleaned(data) => (Some(&data.email), None),
            Self::Campaign(_) => (None, None),
        };
        first.into_iter().chain(second).map(String::as_str)
    }

    pub(super) fn merges(&self) -> Option<&Merges> {
        match self {
            Self::Subscribe(data) => Some(&data.contact.merges),
            Self::Unsubscribe(data) => Some(&data.contact.merges),
            Self::Profile(data) => Some(&data.contact.merges),
            Self::Upemail(_) | Self::Cleaned(_) | Self::Campaign(_) => None,
        }
    }
}

/// Type and list only, as for [`Event`](super::Event).
impl fmt::Debug for Data {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscribe(data) => data.fmt(out),
            Self::Unsubscribe(data) => data.fmt(out),
            Self::Profile(data) => data.fmt(out),
            Self::Upemail(data) => data.fmt(out),
            Self::Cleaned(data) => data.fmt(out),
            Self::Campaign(data) => data.fmt(out),
        }
    }
}
