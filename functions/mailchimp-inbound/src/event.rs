//! The event types of Mailchimp's audience webhooks.
//!
//! [`read`] turns a decoded form into an [`Event`]. The rules, where Mailchimp's documentation is
//! silent or captures differ from it:
//! - Required are `type`, `fired_at`, `data[list_id]` and the address: `data[email]`; for
//!   `upemail` both addresses; a `campaign` has no address but a `data[id]`. Nothing else.
//! - An empty string is absent, and so is a branch that holds nothing but empty strings.
//!   Mailchimp sends `FNAME=` for an unknown value.
//! - A field of `data` that is not documented is kept as it came.
//! - A documented field of another shape (text where fields belong, or the reverse) is absent.
//! - Types that are not documented are [`Decoded::Unknown`], not an error: Mailchimp adds some
//!   without notice.
//!
//! Serialised, an event is `{"type": …, "fired_at": …, "data": {…}}` with Mailchimp's own names and
//! strings inside `data`. Templates see this form, and it is enqueued.

mod data;
mod fields;
mod fired_at;
mod merges;
mod types;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::{
    inbound::{Named, PersonEvent},
    message::QueuedEvent,
};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::{
    data::Data,
    merges::Merges,
    types::{Campaign, Cleaned, Contact, Profile, Subscribe, Unsubscribe, Upemail},
    words::{Action, Reason},
};
use self::{fields::Fields, fired_at::FiredAtError};
use crate::form::Form;

/// The domain of the addresses that Mailchimp uses in place of permanently deleted ones, which
/// integrators report after deletions under the GDPR. It receives no mail and identifies nobody.
const FORGOTTEN_DOMAIN: &str = "@forgotten.mailchimp.com";

/// The longest type that is repeated to the caller; of those that Mailchimp is known to send,
/// `sms_unsubscribe` is the longest, with 15 bytes.
const MAX_KIND_BYTES: usize = 40;

/// One event of an audience: when it happened, and what.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When Mailchimp fired it. It has a resolution of one second, so two events may share it.
    #[serde(with = "time::serde::rfc3339")]
    pub fired_at: OffsetDateTime,
    /// What happened, by type: `type` and `data` of the webhook.
    #[serde(flatten)]
    pub data: Data,
}

/// A decoded form.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one per request, and most are events")]
pub enum Decoded {
    /// An event of one of the six documented types.
    Event(Event),
    /// Anything else, such as the `sms_…` types, to be skipped and counted.
    Unknown {
        /// Its `type`, or a placeholder if that is no word; safe to log.
        kind: String,
    },
}

/// Why a form is not an event. No text repeats a value from the form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// A required field is missing or empty.
    #[error("`{field}` is missing or empty")]
    Missing {
        /// The field, as the form names it.
        field: String,
    },
    /// An address is longer than any valid one.
    #[error("`{field}` is longer than any address")]
    TooLong {
        /// The field, as the form names it.
        field: String,
    },
    /// `fired_at` is not a time.
    #[error("`fired_at` is not a time")]
    FiredAt(#[from] FiredAtError),
}

/// Reads an event from a decoded form.
///
/// # Errors
/// An [`EventError`] if a required field is missing or `fired_at` is not a time. A form of an
/// unknown type needs nothing but its `type`.
pub fn read(form: &Form) -> Result<Decoded, EventError> {
    let mut fields = Fields::of(form);
    let kind = fields.required("type")?;
    let Some(data) = Data::read(&kind, fields.branch("data"))? else {
        return Ok(Decoded::Unknown { kind: word(kind) });
    };
    let fired_at = fired_at::read(&fields.required("fired_at")?)?;
    Ok(Decoded::Event(Event { fired_at, data }))
}

/// An unknown type, made safe to log.
fn word(kind: String) -> String {
    let fits = kind.len() <= MAX_KIND_BYTES
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { kind } else { "(not a word)".to_owned() }
}

impl Event {
    /// Its type, in Mailchimp's word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.data.kind()
    }

    /// The audience it belongs to.
    #[must_use]
    pub fn list_id(&self) -> &str {
        self.data.list_id()
    }

    /// Whether it holds the replacement of a permanently deleted address.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.data
            .addresses()
            .any(|address| address.to_ascii_lowercase().ends_with(FORGOTTEN_DOMAIN))
    }
}

impl QueuedEvent for Event {}

impl PersonEvent for Event {
    fn occurred_at(&self) -> OffsetDateTime {
        self.fired_at
    }

    /// The person left, was removed, or complained.
    fn withdraws(&self) -> bool {
        match &self.data {
            Data::Unsubscribe(_) => true,
            Data::Cleaned(cleaned) => cleaned.reason == Some(Reason::Abuse),
            _ => false,
        }
    }

    fn addresses(&self) -> Vec<&str> {
        self.data.addresses().collect()
    }

    /// The merge field `ORY_ID`. Anybody who can edit the contact can set it to anything.
    fn named(&self) -> Option<Named> {
        let id = Uuid::try_parse(self.data.merges()?.ory_id()?).ok()?;
        Some(Named::Claimed(id))
    }
}

/// Type and list only: nearly everything else is personal data.
impl fmt::Debug for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Event")
            .field("type", &self.kind())
            .field("list_id", &self.list_id())
            .finish_non_exhaustive()
    }
}
