//! A dead letter: what its message says of itself, and what the log says of its last attempt.

use serde_json::{Value, json};
use shared::{
    mandrill::IDENTITY_IN_METADATA,
    message::{Message, Unreadable},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::attempt::Attempt;

/// A message as SQS gave it.
pub(crate) struct Received {
    /// The id of the message in SQS.
    pub(super) id: String,
    /// With which it is deleted, or made visible again.
    pub(super) receipt: String,
    /// It holds the data of a person.
    pub(super) body: String,
    /// When it was put into the queue of the function.
    pub(super) sent: Option<OffsetDateTime>,
}

/// A dead letter.
pub(crate) struct Letter {
    pub(super) received: Received,
    /// What it says of itself, or why it cannot be read.
    pub(super) facts: Result<Facts, Unreadable>,
    /// The last attempt to deliver it, where the log has one.
    pub(super) last_attempt: Option<Attempt>,
}

/// What a message says of itself, without the data of a person.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Facts {
    pub(super) event_id: String,
    pub(super) function: String,
    pub(super) trigger_id: Option<Uuid>,
    pub(super) received_at: OffsetDateTime,
    /// The identity that the event has. One from Mailchimp has none: it is looked up.
    pub(super) identity_id: Option<Uuid>,
    /// The identity that a mail was for. An event about it may be about whoever has the address, too.
    pub(super) mail_identity_id: Option<Uuid>,
}

impl Facts {
    fn read(body: &str) -> Result<Self, Unreadable> {
        let message: Message<Value> = Message::from_json_for_any(body)?;
        let event_id = message.event_id.as_str();
        if !is_event_id(event_id) {
            return Err(Unreadable::Foreign);
        }
        let event = &message.event;
        let id = |value: &Value| value.as_str().and_then(|id| Uuid::try_parse(id).ok());
        Ok(Self {
            event_id: event_id.to_owned(),
            function: message.function,
            trigger_id: message.trigger_id,
            received_at: message.received_at,
            identity_id: id(&event["identity"]["id"]).filter(|id| !id.is_nil()),
            mail_identity_id: id(&event["msg"][IDENTITY_IN_METADATA]),
        })
    }
}

/// Whether it is made like all event ids: a UUID or a digest. Others are not printed, and not put
/// into a query.
fn is_event_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

impl Letter {
    /// A message that was found among the dead letters.
    pub(super) fn of(received: Received) -> Self {
        let facts = Facts::read(&received.body);
        Self { received, facts, last_attempt: None }
    }

    /// The event id, or that of the message where the message cannot be read.
    pub(super) fn id(&self) -> &str {
        self.facts.as_ref().map_or(&self.received.id, |facts| &facts.event_id)
    }

    /// When the event was received by the function, as far as that is known.
    pub(super) fn received_at(&self) -> Option<OffsetDateTime> {
        self.facts.as_ref().map_or(self.received.sent, |facts| Some(facts.received_at))
    }

    /// Whom it is about: as the event says, else as the mail says and the function logged it.
    pub(super) fn identities(&self) -> Vec<Uuid> {
        let facts = self.facts.as_ref().ok();
        if let Some(id) = facts.and_then(|facts| facts.identity_id) {
            return vec![id];
        }
        let of_mail = facts.and_then(|facts| facts.mail_identity_id);
        let mut all: Vec<_> = of_mail.into_iter().collect();
        for id in self.last_attempt.iter().flat_map(|attempt| &attempt.identity_ids) {
            if !all.contains(id) {
                all.push(*id);
            }
        }
        all
    }

    /// Why it was not delivered: why it cannot be read, else as the function logged it.
    pub(super) fn cause(&self) -> Option<String> {
        match &self.facts {
            Err(unreadable) => Some(unreadable.to_string()),
            Ok(_) => self.last_attempt.as_ref().map(ToString::to_string),
        }
    }

    /// All that is known, without the data of a person, for programs.
    pub(super) fn to_json(&self) -> Value {
        let time = |at: Option<OffsetDateTime>| at.and_then(|at| at.format(&Rfc3339).ok());
        let facts = self.facts.as_ref().ok();
        json!({
            "id": self.id(),
            "message_id": self.received.id,
            "function": facts.map(|facts| &facts.function),
            "trigger_id": facts.and_then(|facts| facts.trigger_id),
            "received_at": time(self.received_at()),
            "last_attempt_at": time(self.last_attempt.as_ref().map(|it| it.at)),
            "attempts": self.last_attempt.as_ref().and_then(|it| it.number),
            "identity_ids": self.identities(),
            "cause": self.cause(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use time::macros::datetime;

    use super::*;

    pub(in super::super) const EVENT: &str = "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10";
    pub(in super::super) const IDENTITY: &str = "000000a1-1111-4111-8111-0000000000a1";

    pub(in super::super) fn message(event_id: &str, event: &Value) -> Value {
        json!({
            "version": 1, "function": "mandrill-welcome", "event_id": event_id,
            "trigger_id": EVENT, "received_at": "2026-01-02T03:04:05.678Z", "event": event,
        })
    }

    pub(in super::super) fn letter(body: &str) -> Letter {
        let sent = Some(datetime!(2026-01-03 00:00 UTC));
        let (id, receipt) = ("message".to_owned(), "receipt".to_owned());
        Letter::of(Received { id, receipt, body: body.to_owned(), sent })
    }

    fn read(event: Value) -> Letter {
        letter(&message(EVENT, &event).to_string())
    }

    #[test]
    fn message_says_what_it_is_about() {
        let facts = read(json!({"identity": {"id": IDENTITY}})).facts.unwrap();
        let expected = Facts {
            event_id: EVENT.to_owned(),
            function: "mandrill-welcome".to_owned(),
            trigger_id: EVENT.parse().ok(),
            received_at: datetime!(2026-01-02 03:04:05.678 UTC),
            identity_id: IDENTITY.parse().ok(),
            mail_identity_id: None,
        };
        assert_eq!(facts, expected);
    }

    #[test]
    fn identity_is_a_saved_one_or_that_of_the_log() {
        let logged = || Attempt {
            at: datetime!(2026-01-04 00:00 UTC),
            number: Some(100),
            outcome: "blocked".to_owned(),
            cause: None,
            identity_ids: vec![Uuid::from_u128(7)],
        };
        let table = [
            (json!({"identity": {"id": IDENTITY}}), IDENTITY.parse().unwrap()),
            (json!({"identity": {"id": Uuid::nil()}}), Uuid::from_u128(7)),
            (json!({"identity": {"id": "ann@example.com"}}), Uuid::from_u128(7)),
            (json!({"data": {"email": "ann@example.com"}}), Uuid::from_u128(7)),
        ];
        for (event, expected) in table {
            let mut letter = read(event.clone());
            letter.last_attempt = Some(logged());
            assert_eq!(letter.identities(), [expected], "{event}");
        }
        // A mail for one identity, to an address that another one has.
        let mut letter = read(json!({"msg": {"ory_identity": IDENTITY}}));
        let named: Uuid = IDENTITY.parse().unwrap();
        assert_eq!(letter.identities(), [named]);
        letter.last_attempt = Some(logged());
        assert_eq!(letter.identities(), [named, Uuid::from_u128(7)]);
        assert!(read(json!({})).identities().is_empty());
    }

    #[test]
    fn message_that_cannot_be_read_keeps_the_id_and_the_time_of_sqs() {
        let mut newer = message(EVENT, &json!({}));
        newer["version"] = json!(2);
        let hostile = message("\u{1b}[2J", &json!({}));
        for (body, cause) in [
            ("not JSON".to_owned(), "the message cannot be parsed"),
            (newer.to_string(), "the message is of version 2, and this code reads version 1"),
            (hostile.to_string(), "the message cannot be parsed"),
        ] {
            let letter = letter(&body);
            assert_eq!(letter.id(), "message", "{body}");
            assert_eq!(letter.cause().unwrap(), cause);
            assert_eq!(letter.received_at(), Some(datetime!(2026-01-03 00:00 UTC)));
        }
    }

    #[test]
    fn json_has_no_value_of_the_event() {
        let letter = read(json!({"identity": {"id": IDENTITY, "traits": {"name": "Ann"}}}));
        let expected = json!({
            "id": EVENT, "message_id": "message", "function": "mandrill-welcome",
            "trigger_id": EVENT, "received_at": "2026-01-02T03:04:05.678Z",
            "last_attempt_at": null, "attempts": null, "identity_ids": [IDENTITY], "cause": null,
        });
        assert_eq!(letter.to_json(), expected);
    }
}
