//! The messages of identities.

use serde_json::Value;
use shared::{
    backfill::{self, NoMessage, Run},
    ctx::{AddAs, SanitizedCtx},
    message::Message,
    queue::without_noncharacters,
};
use uuid::Uuid;

/// What is sent of each identity.
#[derive(Clone, Copy)]
pub(super) struct Job {
    /// The name of our function.
    pub(super) function: &'static str,
    pub(super) run: Run,
    pub(super) add_as: Option<AddAs>,
}

/// The message of an identity, for the queue.
#[derive(Clone)]
pub(super) struct Entry {
    /// The identity.
    pub(super) id: Uuid,
    /// The message. It holds the data of a person.
    pub(super) body: String,
}

/// An identity cannot be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    NoMessage(#[from] NoMessage),
    #[error("its message of {bytes} bytes is larger than the {most} that the queue takes")]
    TooLarge { bytes: usize, most: usize },
    #[error("Ory's answer about it is larger than is read")]
    Unread,
    #[error("SQS does not take its message: {0}")]
    NotTaken(String),
}

impl Job {
    /// The message of an identity.
    pub(super) fn message(&self, identity: &Value) -> Result<Message<SanitizedCtx>, NoMessage> {
        backfill::message(self.function, self.run, self.add_as, identity)
    }

    /// The same for a queue that takes messages of up to `most` bytes.
    pub(super) fn entry(&self, identity: &Value, most: usize) -> Result<Entry, Unfit> {
        let message = self.message(identity)?;
        let id = identity["id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
        let id = id.ok_or(NoMessage::NoId)?;
        // All of ours can be written.
        let body = without_noncharacters(message.to_json().unwrap_or_default());
        let bytes = body.len();
        if bytes > most { Err(Unfit::TooLarge { bytes, most }) } else { Ok(Entry { id, body }) }
    }
}

/// How an identity is named that cannot be sent.
pub(super) fn name(identity: &Value) -> &str {
    identity["id"].as_str().filter(|id| Uuid::try_parse(id).is_ok()).unwrap_or("without an id")
}

/// Entries in batches of at most `count`, and of at most `bytes` unless one alone is larger.
pub(super) fn batches(entries: Vec<Entry>, count: usize, bytes: usize) -> Vec<Vec<Entry>> {
    let mut batches: Vec<Vec<Entry>> = Vec::new();
    let mut size = 0;
    for entry in entries {
        let room = batches.last_mut().filter(|batch| batch.len() < count);
        if let Some(batch) = room.filter(|_| size + entry.body.len() <= bytes) {
            size += entry.body.len();
            batch.push(entry);
        } else {
            size = entry.body.len();
            batches.push(vec![entry]);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const JOB: Job = Job { function: "segment-identify", run: Run::Backfill, add_as: None };
    const ID: &str = "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10";

    fn identity(name: &str) -> Value {
        json!({"id": ID, "traits": {"name": name}, "updated_at": "2026-01-02T03:04:05Z"})
    }

    #[test]
    fn entry_is_the_message_of_the_identity_as_sqs_takes_it() {
        let entry = JOB.entry(&identity("a\u{ffff}b"), 10_000).unwrap();
        assert_eq!(entry.id.to_string(), ID);
        assert!(!entry.body.contains('\u{ffff}'));
        let read = Message::<SanitizedCtx>::from_json(&entry.body, "segment-identify").unwrap();
        assert_eq!(read.event.traits()["name"], "a\u{ffff}b");
    }

    #[test]
    fn identity_that_cannot_be_sent_says_why() {
        let entry = |identity: &Value, most| JOB.entry(identity, most).err();
        let no_time = json!({"id": ID});
        assert_eq!(entry(&no_time, 10_000), Some(Unfit::NoMessage(NoMessage::NoTime)));
        let fitting = JOB.entry(&identity("Ann"), 10_000).unwrap().body.len();
        assert_eq!(entry(&identity("Ann"), fitting), None);
        let too_large = Unfit::TooLarge { bytes: fitting, most: fitting - 1 };
        assert_eq!(entry(&identity("Ann"), fitting - 1), Some(too_large));
        assert_eq!(name(&no_time), ID);
        assert_eq!(name(&json!({"id": "\u{1b}[2J"})), "without an id");
    }

    proptest! {
        #[test]
        fn batches_hold_all_in_order_and_within_both_limits(
            sizes in prop::collection::vec(0_usize..40, 0..60),
            count in 1_usize..12,
        ) {
            const BYTES: usize = 100;
            let entry = |(at, size): (usize, &usize)| {
                Entry { id: Uuid::from_u128(at as u128), body: "x".repeat(*size) }
            };
            let entries: Vec<_> = sizes.iter().enumerate().map(entry).collect();
            let batches = batches(entries, count, BYTES);
            let ids = batches.iter().flatten().map(|entry| entry.id.as_u128());
            prop_assert!(ids.eq(0..sizes.len() as u128));
            for batch in &batches {
                prop_assert!((1..=count).contains(&batch.len()));
                let bytes: usize = batch.iter().map(|entry| entry.body.len()).sum();
                prop_assert!(bytes <= BYTES);
            }
        }
    }
}
