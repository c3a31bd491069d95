//! The place of an event in the order of a person's events.

use shared::{
    ctx::{SanitizedCtx, timestamp},
    key::EventId,
    message::Message,
};
use time::OffsetDateTime;

/// When an event happened.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// The identity's `updated_at`; if that is missing, the time received. In a backfill, it is that
    /// of the identity as it was listed: whatever has changed since then is newer.
    pub(crate) at: OffsetDateTime,
    /// The event.
    pub(crate) event_id: EventId,
}

impl Moment {
    /// The place of this event.
    pub(crate) fn of(message: &Message<SanitizedCtx>) -> Self {
        let updated_at = message.event.identity()["updated_at"].as_str().and_then(timestamp);
        let at = updated_at.unwrap_or(message.received_at);
        Self { at, event_id: message.event_id.clone() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::{
        backfill::{self, Run},
        ctx::Ctx,
    };
    use time::macros::datetime;

    use super::*;

    #[test]
    fn missing_update_time_is_the_time_received() {
        let received = datetime!(2026-01-31 12:00 UTC);
        let updated = datetime!(2026-01-31 11:59:58.25 UTC);
        let table = [
            (json!("2026-01-31T11:59:58.25Z"), updated),
            (json!("2026-01-31T12:59:58.25+01:00"), updated),
            (json!("0001-01-01T00:00:00Z"), received),
            (json!("yesterday"), received),
            (Value::Null, received),
        ];
        for (updated_at, expected) in table {
            let body = json!({"identity": {"id": "i", "updated_at": updated_at}}).to_string();
            let ctx = Ctx::decode(body.as_bytes()).unwrap().sanitize();
            let message = Message::new("f", EventId::digest(b"x"), received, ctx);
            assert_eq!(Moment::of(&message).at, expected, "{updated_at}");
        }
    }

    #[test]
    fn backfill_is_as_old_as_its_list() {
        let (id, updated_at) = ("3a5293f1-f4d6-49f4-b34f-6da62c360604", "2026-01-31T11:59:58.25Z");
        let identity = json!({"id": id, "updated_at": updated_at});
        let message = backfill::message("f", Run::Backfill, None, &identity).unwrap();
        let moment = Moment::of(&message);
        assert_eq!(moment.at, datetime!(2026-01-31 11:59:58.25 UTC));
        assert_eq!(moment.at, message.received_at);
    }
}
