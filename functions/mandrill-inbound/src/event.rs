//! Mandrill's events about mails.
//!
//! [`read`] takes from the list what this function stores. Serialized, an event is
//! `{"_id": …, "event": …, "ts": …, "msg": {…}}` with Mandrill's own names. Subject, sender, IP, user
//! agent, opens and clicks are not read.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use shared::{
    idempotency::State,
    inbound::{Named, PersonEvent},
    key::EventId,
    mandrill::{IDENTITY_IN_METADATA, KEY_IN_METADATA, is_final},
    message::QueuedEvent,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// The longest address (RFC 5321, 4.5.3.1, with its errata).
const MAX_ADDRESS_BYTES: usize = 254;

/// The longest id, state, class or reason. Mandrill's have up to 40 bytes.
const MAX_WORD_BYTES: usize = 100;

/// What happened to a mail. Mandrill has more: those that say nothing about the call or the address.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Mandrill has sent it.
    Send,
    /// The server of the recipient has it.
    Delivered,
    /// The address does not exist.
    HardBounce,
    /// The server of the recipient refused it for now.
    SoftBounce,
    /// Mandrill did not send it.
    Reject,
    /// The recipient complained.
    Spam,
    /// The recipient wants no more mail of this sender.
    Unsub,
}

impl Kind {
    /// Mandrill's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Delivered => "delivered",
            Self::HardBounce => "hard_bounce",
            Self::SoftBounce => "soft_bounce",
            Self::Reject => "reject",
            Self::Spam => "spam",
            Self::Unsub => "unsub",
        }
    }

    /// The state of the mail at Mandrill, as a search would find it.
    pub fn state(self) -> State {
        match self {
            Self::HardBounce | Self::Reject => State::Rejected,
            Self::Send | Self::Delivered | Self::SoftBounce | Self::Spam | Self::Unsub => {
                State::Delivered
            }
        }
    }

    /// Whether it says something of the person, and not only of the call.
    pub fn is_about_the_person(self) -> bool {
        !matches!(self, Self::Send | Self::SoftBounce)
    }
}

/// One event about a mail.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct MailEvent {
    /// Mandrill's id of the mail.
    #[serde(rename = "_id")]
    pub id: String,
    /// What happened.
    pub event: Kind,
    /// When, in whole seconds.
    #[serde(rename = "ts", with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
    /// The mail.
    pub msg: Mail,
}

/// What is stored of a mail.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
pub struct Mail {
    /// The recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Its state: `sent`, `bounced`, `rejected` and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The class of a bounce, as `bad_mailbox`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounce_description: Option<String>,
    /// The reason of a reject, as `hard-bounce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<String>,
    /// The key of a mail of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ory_key: Option<String>,
    /// The identity that a mail of ours is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ory_identity: Option<Uuid>,
}

/// What a list of events holds.
#[derive(Debug, Default, PartialEq)]
pub struct Events {
    /// Those to store.
    pub stored: Vec<MailEvent>,
    /// How many others there are.
    pub skipped: usize,
}

/// The events are no JSON list. No text repeats anything of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`mandrill_events` is not a JSON list")]
pub struct EventsError;

/// Reads a list of events. One that is not known, or that nobody needs, is skipped.
///
/// # Errors
/// It is not a list. Bytes that are not UTF-8 are replaced: a complaint is taken with any content of the
/// other fields.
pub fn read(list: &[u8]) -> Result<Events, EventsError> {
    let text = String::from_utf8_lossy(list);
    let list: Vec<&RawValue> = serde_json::from_str(&text).map_err(|_| EventsError)?;
    let mut events = Events::default();
    for one in list {
        match MailEvent::read(one) {
            Some(event) => events.stored.push(event),
            None => events.skipped += 1,
        }
    }
    Ok(events)
}

impl MailEvent {
    fn read(json: &RawValue) -> Option<Self> {
        let event: Value = serde_json::from_str(json.get()).ok()?;
        let kind = Kind::deserialize(&event["event"]).ok()?;
        let mail = Mail::read(&event["msg"]);
        // Without a key, what concerns only the call concerns none of ours.
        let is_needed = kind.is_about_the_person() || mail.ory_key.is_some();
        is_needed.then_some(())?;
        Some(Self {
            id: word(&event["_id"])?,
            event: kind,
            at: OffsetDateTime::from_unix_timestamp(event["ts"].as_i64()?).ok()?,
            msg: mail,
        })
    }

    /// Whether the mail's call has come to its end. A reject that an operator can fix is not the end: the
    /// mail is sent after that. A search finds out what is left in doubt.
    pub(crate) fn is_final(&self) -> bool {
        self.event != Kind::Reject || self.msg.reject_reason.as_deref().is_some_and(is_final)
    }

    /// Mandrill gives its events no id; a repeated one has the same mail, kind and time.
    pub fn event_id(&self) -> EventId {
        let Self { id, event, at, .. } = self;
        EventId::digest(format!("{id}\n{event:?}\n{}", at.unix_timestamp()).as_bytes())
    }
}

impl Mail {
    fn read(msg: &Value) -> Self {
        let metadata = &msg["metadata"];
        Self {
            email: text(&msg["email"], MAX_ADDRESS_BYTES),
            state: word(&msg["state"]),
            bounce_description: word(&msg["bounce_description"]),
            reject_reason: word(&msg["reject"]["reason"]).or_else(|| word(&msg["reject"])),
            ory_key: word(&metadata[KEY_IN_METADATA]),
            ory_identity: metadata[IDENTITY_IN_METADATA]
                .as_str()
                .and_then(|id| Uuid::try_parse(id).ok()),
        }
    }
}

fn word(value: &Value) -> Option<String> {
    text(value, MAX_WORD_BYTES)
}

/// A text that is there and not too long.
fn text(value: &Value, most: usize) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty() && text.len() <= most).then(|| text.to_owned())
}

impl QueuedEvent for MailEvent {}

impl PersonEvent for MailEvent {
    fn occurred_at(&self) -> OffsetDateTime {
        self.at
    }

    fn withdraws(&self) -> bool {
        self.event == Kind::Spam
    }

    fn addresses(&self) -> Vec<&str> {
        self.msg.email.iter().map(String::as_str).collect()
    }

    /// Only holders of the API key can write metadata.
    fn named(&self) -> Option<Named> {
        self.msg.ory_identity.map(Named::Known)
    }

    /// With the time as templates send it on: Jsonnet has no dates.
    fn for_template(&self) -> Value {
        let mut event = json!(self);
        event["fired_at"] = json!(self.at.format(&Rfc3339).ok());
        event
    }
}

/// The kind only: nearly everything else is personal data.
impl fmt::Debug for MailEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MailEvent").field("event", &self.event).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
