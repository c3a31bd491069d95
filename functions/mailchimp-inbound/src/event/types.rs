//! The `data` of each event type.
//!
//! Required fields are plain, all others may be absent: Mailchimp's documentation lists them, and
//! captures lack some of them. Every value is a string, as it came. In all types
//! - `list_id` is the audience;
//! - `id` of a contact is its id in that audience, ten hex digits, and not the hash of its address;
//! - `web_id` is a number, but beyond 32 bits in time, so it stays a string;
//! - `ip_opt` and `ip_signup` need not be addresses: some captures are masked;
//! - `other` has the fields that are not documented.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Action, EventError, Merges, Reason, fields::Fields};

/// A contact of an audience, as the types about its fields describe it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The contact's id in the audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The audience.
    pub list_id: String,
    /// The contact's address.
    pub email: String,
    /// The mail the contact wants: `html` or `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_type: Option<String>,
    /// Where the contact confirmed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_opt: Option<String>,
    /// The contact's number in Mailchimp's web pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_id: Option<String>,
    /// Always present, perhaps empty, so that a template can read its fields.
    pub merges: Merges,
    /// The merge field `INTERESTS`, split. Always present, perhaps empty.
    pub interests: Vec<String>,
    /// The fields that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Contact {
    /// Reads the remaining fields.
    fn read(mut data: Fields) -> Result<Self, EventError> {
        // A field named `interests` is dropped: we use that name.
        let _: Option<Value> = data.optional("interests");
        let merges: Merges = data.optional("merges").unwrap_or_default();
        Ok(Self {
            id: data.optional("id"),
            list_id: data.required("list_id")?,
            email: data.address("email")?,
            email_type: data.optional("email_type"),
            ip_opt: data.optional("ip_opt"),
            web_id: data.optional("web_id"),
            interests: merges.interests(),
            merges,
            other: data.rest(),
        })
    }
}

/// A contact joined.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscribe {
    /// Where the contact signed up from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_signup: Option<String>,
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
}

impl Subscribe {
    pub(super) fn read(mut data: Fields) -> Result<Self, EventError> {
        Ok(Self { ip_signup: data.optional("ip_signup"), contact: Contact::read(data)? })
    }
}

/// A contact left.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// Whether the contact left or was removed.
    pub action: Action,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The campaign whose link was followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<String>,
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
}

impl Unsubscribe {
    pub(super) fn read(mut data: Fields) -> Result<Self, EventError> {
        Ok(Self {
            action: data.optional("action").unwrap_or_default(),
            reason: data.optional("reason"),
            campaign_id: data.optional("campaign_id"),
            contact: Contact::read(data)?,
        })
    }
}

/// A contact's fields changed. It says nothing about consent: it is also sent for contacts who have
/// left, and with every change of address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Where the contact signed up from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_signup: Option<String>,
    /// The contact.
    #[serde(flatten)]
    pub contact: Contact,
}

impl Profile {
    pub(super) fn read(mut data: Fields) -> Result<Self, EventError> {
        Ok(Self { ip_signup: data.optional("ip_signup"), contact: Contact::read(data)? })
    }
}

/// A contact's address changed. A [`Profile`] comes at the same time, before or after.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Upemail {
    /// The audience.
    pub list_id: String,
    /// The contact's id from now on: it changes with the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// The address from now on.
    pub new_email: String,
    /// The address until now.
    pub old_email: String,
    /// The fields that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Upemail {
    pub(super) fn read(mut data: Fields) -> Result<Self, EventError> {
        Ok(Self {
            list_id: data.required("list_id")?,
            new_id: data.optional("new_id"),
            new_email: data.address("new_email")?,
            old_email: data.address("old_email")?,
            other: data.rest(),
        })
    }
}

/// An address proved undeliverable, or its owner complained.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Cleaned {
    /// The audience.
    pub list_id: String,
    /// The campaign that bounced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The contact's address.
    pub email: String,
    /// The fields that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Cleaned {
    pub(super) fn read(mut data: Fields) -> Result<Self, EventError> {
        Ok(Self {
            list_id: data.required("list_id")?,
            campaign_id: data.optional("campaign_id"),
            reason: data.optional("reason"),
            email: data.address("email")?,
            other: data.rest(),
        })
    }
}

/// A campaign was sent, or was not. It is about no contact.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// The campaign's own id.
    pub id: String,
    /// The campaign's subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `sent`, or the word for another result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The audience.
    pub list_id: String,
    /// The fields that are not documented.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Campaign {
    pub(super) fn read(mut data: Fields) -> Result<Self, EventError> {
        Ok(Self {
            id: data.required("id")?,
            subject: data.optional("subject"),
            status: data.optional("status"),
            reason: data.optional("reason"),
            list_id: data.required("list_id")?,
            other: data.rest(),
        })
    }
}

/// Shows the type and its list only: nearly everything else is personal data.
macro_rules! show_the_list_only {
    ($($data:ident: $($list_id:ident).+),* $(,)?) => {$(
        impl fmt::Debug for $data {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.debug_struct(stringify!($data))
                    .field("list_id", &self.$($list_id).+)
                    .finish_non_exhaustive()
            }
        }
    )*};
}

show_the_list_only! {
    Contact: list_id,
    Subscribe: contact.list_id,
    Unsubscribe: contact.list_id,
    Profile: contact.list_id,
    Upemail: list_id,
    Cleaned: list_id,
    Campaign: list_id,
}
