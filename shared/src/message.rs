//! The message: the only thing that passes from accept to deliver.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{key::EventId, telemetry::LogEntry};

/// The version that this code writes and reads.
pub const VERSION: u32 = 1;

/// An event, as it is enqueued.
pub trait QueuedEvent: Serialize + DeserializeOwned + Send + Sync {
    /// The id of the identity that it is about, unless that is not saved yet or unknown.
    fn identity_id(&self) -> Option<&str> {
        None
    }
}

/// An event on its way from accept to deliver. Holds no cookie, no form node and no API key; it
/// does hold the person's data, so the queue encrypts it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Message<E> {
    /// The version of this format.
    pub version: u32,
    /// The function that it is for.
    pub function: String,
    /// Identifies the event.
    pub event_id: EventId,
    /// Ory's Trigger-ID, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_id: Option<Uuid>,
    /// When it was accepted.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// Until when an operator knows that no call for the event went out. It decides where the function
    /// holds a call in doubt; no other function looks at it. Absent unless somebody says so.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub not_sent_before: Option<OffsetDateTime>,
    /// The event itself.
    pub event: E,
}

/// A message from the queue that this code cannot read: an operator must act first.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or not of a message's shape.
    #[error("the message cannot be parsed")]
    Foreign,
    /// Written by another version of the code.
    #[error("the message is of version {0}, and this code reads version {VERSION}")]
    Version(u32),
    /// Sent to the wrong queue.
    #[error("the message is for another function")]
    Misdirected,
}

/// A message in JSON, with the word of an operator that no call for its event went out before
/// `time`. All else stays as it is, whatever wrote it.
///
/// # Errors
/// Why it cannot be read.
pub fn with_not_sent_before(json: &str, time: OffsetDateTime) -> Result<String, Unreadable> {
    Head::read(json)?;
    let mut message: Map<String, Value> =
        serde_json::from_str(json).map_err(|_| Unreadable::Foreign)?;
    // It has no seconds in the offset and a year of four digits, so it can be written.
    let time = time.format(&Rfc3339).map_err(|_| Unreadable::Foreign)?;
    message.insert("not_sent_before".to_owned(), time.into());
    Ok(Value::Object(message).to_string())
}

/// The fields of every version.
#[derive(Deserialize)]
struct Head {
    version: u32,
    function: String,
}

impl Head {
    /// Reads it from a message of the version that this code reads.
    fn read(json: &str) -> Result<Self, Unreadable> {
        let head: Self = serde_json::from_str(json).map_err(|_| Unreadable::Foreign)?;
        if head.version == VERSION { Ok(head) } else { Err(Unreadable::Version(head.version)) }
    }
}

impl<E: Serialize + DeserializeOwned> Message<E> {
    /// The message as it is enqueued.
    ///
    /// # Errors
    /// An event that cannot be written as JSON; all of ours can.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Reads a message that is for `function`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn from_json(json: &str, function: &str) -> Result<Self, Unreadable> {
        if Head::read(json)?.function != function {
            return Err(Unreadable::Misdirected);
        }
        serde_json::from_str(json).map_err(|_| Unreadable::Foreign)
    }

    /// Reads a message for whatever function.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn from_json_for_any(json: &str) -> Result<Self, Unreadable> {
        Head::read(json)?;
        serde_json::from_str(json).map_err(|_| Unreadable::Foreign)
    }

    /// A message in the current version.
    pub fn new(function: &str, event_id: EventId, received_at: OffsetDateTime, event: E) -> Self {
        Self {
            version: VERSION,
            function: function.to_owned(),
            event_id,
            trigger_id: None,
            received_at,
            not_sent_before: None,
            event,
        }
    }
}

impl<E: QueuedEvent> Message<E> {
    /// Adds its facts to a log entry.
    pub fn describe(&self, entry: &mut LogEntry) {
        entry.event_id = Some(self.event_id.as_str().to_owned());
        entry.trigger_id = self.trigger_id.map(|id| id.to_string());
        entry.identity_id = self.event.identity_id().map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    /// As version 1 was first written.
    const FIRST_VERSION: &str = r#"{
        "version": 1,
        "function": "mandrill-welcome",
        "event_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
        "trigger_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
        "received_at": "2026-01-02T03:04:05.678Z",
        "event": {"identity": {"id": "i"}}
    }"#;

    fn read(json: &str) -> Result<Message<Value>, Unreadable> {
        Message::from_json(json, "mandrill-welcome")
    }

    #[test]
    fn message_of_version_1_is_parsed() {
        let message = read(FIRST_VERSION).unwrap();
        assert_eq!(message.event["identity"]["id"], "i");
        assert_eq!(message.event_id.as_str(), "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10");
        let written: Value = serde_json::from_str(&message.to_json().unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(FIRST_VERSION).unwrap());
    }

    #[test]
    fn word_of_an_operator_is_added_to_what_the_message_says() {
        let time = datetime!(2026-01-04 10:00:00 UTC);
        let mut expected: Value = serde_json::from_str(FIRST_VERSION).unwrap();
        expected["later"] = json!({"of": "a newer release"});
        let mut json = expected.to_string();
        expected["not_sent_before"] = json!("2026-01-04T10:00:00Z");
        // The second word replaces the first.
        for time in [datetime!(2026-01-03 10:00 UTC), time] {
            json = with_not_sent_before(&json, time).unwrap();
        }
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected);
        let message = read(&json).unwrap();
        assert_eq!(message.not_sent_before, Some(time));
        assert_eq!(read(&message.to_json().unwrap()).unwrap().not_sent_before, Some(time));
        let newer = FIRST_VERSION.replace("1,", "2,");
        assert_eq!(with_not_sent_before(&newer, time), Err(Unreadable::Version(2)));
        assert_eq!(with_not_sent_before("[]", time), Err(Unreadable::Foreign));
    }

    #[test]
    fn unreadable_message_reports_the_cause() {
        let with = |name: &str, value: &str| {
            let mut message: Value = serde_json::from_str(FIRST_VERSION).unwrap();
            message[name] = serde_json::from_str(value).unwrap();
            let any = Message::<Value>::from_json_for_any(&message.to_string()).err();
            let read = read(&message.to_string()).err();
            let is_misdirected = read == Some(Unreadable::Misdirected);
            assert_eq!(any, if is_misdirected { None } else { read.clone() });
            read
        };
        assert_eq!(with("version", "2"), Some(Unreadable::Version(2)));
        assert_eq!(with("function", "\"segment-identify\""), Some(Unreadable::Misdirected));
        assert_eq!(with("received_at", "\"yesterday\""), Some(Unreadable::Foreign));
        assert_eq!(with("event_id", "null"), Some(Unreadable::Foreign));
        assert_eq!(with("not_sent_before", "true"), Some(Unreadable::Foreign));
        assert_eq!(with("later", "\"unknown fields are let be\""), None);
        for foreign in ["", "{", "null", "[]", "{}", r#"{"version":"1"}"#] {
            assert_eq!(read(foreign).err(), Some(Unreadable::Foreign), "{foreign}");
        }
    }
}
