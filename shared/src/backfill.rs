//! The messages of people whom no webhook told of: those who were there before, or whom an import or
//! the admin API made. Each is the message that accept would have stored, so delivery is the same.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    ctx::{AddAs, Hook, SanitizedCtx, When, timestamp},
    key::EventId,
    message::Message,
};

/// Why identities are sent without a webhook.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Run {
    /// All who were there before.
    Backfill,
    /// Those who have changed since the last run.
    Reconcile,
}

impl Run {
    /// The `hook.flow` of its messages.
    pub fn flow(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Reconcile => "reconcile",
        }
    }
}

/// Whether events of this `hook.flow` come from a run, and from no webhook.
pub fn is_run(flow: &str) -> bool {
    [Run::Backfill, Run::Reconcile].into_iter().any(|run| run.flow() == flow)
}

/// An identity that cannot be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoMessage {
    /// It has no id by which it can be known again.
    #[error("an identity has no id")]
    NoId,
    /// Without this time it has no place among the person's other events.
    #[error("an identity has no `updated_at`")]
    NoTime,
}

/// The message of an `identity`, as the admin API returns it, for `function`.
///
/// It has the age of the data, so that each change since then is newer. Its event id is the same for
/// the same state of the identity, so that sending it again does nothing; one that may subscribe the
/// person is another event.
///
/// # Errors
/// The identity lacks what a message needs.
pub fn message(
    function: &str,
    run: Run,
    add_as: Option<AddAs>,
    identity: &Value,
) -> Result<Message<SanitizedCtx>, NoMessage> {
    let id = identity["id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
    let id = id.ok_or(NoMessage::NoId)?;
    let updated_at = identity["updated_at"].as_str().unwrap_or_default();
    let received_at = timestamp(updated_at).ok_or(NoMessage::NoTime)?;
    let added = match add_as {
        None => "",
        Some(AddAs::Subscribed) => "\nsubscribed",
        Some(AddAs::Pending) => "\npending",
    };
    let words = format!("{function}\n{}\n{id}\n{updated_at}{added}", Run::Backfill.flow());
    let hook = Hook {
        flow: Some(run.flow().to_owned()),
        method: None,
        when: Some(When::AfterSave),
        add_as,
    };
    let ctx = SanitizedCtx::of_identity(identity, &hook);
    Ok(Message::new(function, EventId::digest(words.as_bytes()), received_at, ctx))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const ID: &str = "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10";

    fn identity(updated_at: &str) -> Value {
        json!({"id": ID, "traits": {"email": "ann@example.com"}, "updated_at": updated_at})
    }

    fn sent(function: &str, run: Run, add_as: Option<AddAs>, at: &str) -> Message<SanitizedCtx> {
        message(function, run, add_as, &identity(at)).unwrap()
    }

    const THEN: &str = "2026-01-02T03:04:05.123456Z";

    #[test]
    fn message_has_the_age_of_the_identity_and_says_which_run_sent_it() {
        let message = sent("segment-identify", Run::Reconcile, None, THEN);
        assert_eq!(message.received_at, datetime!(2026-01-02 03:04:05.123456 UTC));
        assert_eq!(message.function, "segment-identify");
        assert_eq!(message.event.hook().flow.as_deref(), Some("reconcile"));
        assert!(!message.event.is_before_save());
        let json = message.to_json().unwrap();
        let read = Message::<SanitizedCtx>::from_json(&json, "segment-identify").unwrap();
        assert_eq!(read.event.hook(), message.event.hook());
    }

    #[test]
    fn event_id_is_the_digest_of_function_backfill_identity_and_time() {
        let message = sent("segment-identify", Run::Backfill, None, THEN);
        let words = format!("segment-identify\nbackfill\n{ID}\n{THEN}");
        assert_eq!(message.event_id, EventId::digest(words.as_bytes()));
    }

    #[test]
    fn same_state_of_an_identity_is_one_event_for_each_function_and_purpose() {
        let id = |function, run, add_as, at| sent(function, run, add_as, at).event_id;
        let first = id("a", Run::Backfill, None, THEN);
        assert_eq!(id("a", Run::Reconcile, None, THEN), first);
        let others = [
            id("b", Run::Backfill, None, THEN),
            id("a", Run::Backfill, None, "2026-01-02T03:04:05.123457Z"),
            id("a", Run::Backfill, Some(AddAs::Subscribed), THEN),
            id("a", Run::Backfill, Some(AddAs::Pending), THEN),
        ];
        for (number, other) in others.iter().enumerate() {
            assert_ne!(*other, first, "{number}");
            assert!(!others[..number].contains(other), "{number}");
        }
    }

    #[test]
    fn identity_without_id_or_time_is_refused() {
        let refused = |identity: Value| message("a", Run::Backfill, None, &identity).err();
        assert_eq!(refused(json!({"updated_at": THEN})), Some(NoMessage::NoId));
        assert_eq!(refused(json!({"id": "ann", "updated_at": THEN})), Some(NoMessage::NoId));
        assert_eq!(refused(json!({"id": ID})), Some(NoMessage::NoTime));
        assert_eq!(refused(identity("0001-01-01T00:00:00Z")), Some(NoMessage::NoTime));
    }

    #[test]
    fn no_webhook_can_say_that_a_backfill_adds_people() {
        let message = sent("a", Run::Backfill, Some(AddAs::Subscribed), THEN);
        assert_eq!(message.event.hook().add_as, Some(AddAs::Subscribed));
        let body = message.event.as_value().to_string();
        let called = crate::ctx::Ctx::decode(body.as_bytes()).unwrap().sanitize();
        assert_eq!(called.hook().add_as, None);
        assert_eq!(called.hook().flow.as_deref(), Some("backfill"));
    }
}
