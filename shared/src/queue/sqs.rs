//! The queue over AWS SQS.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use url::Url;

use super::{Queue, QueueError};
use crate::{
    aws::{Aws, CallError, Service, SignedCalls},
    http::Peer,
};

/// The actions that a function's policy must allow on its queue: the two of this adapter, and the
/// three by which Lambda receives on the function's behalf.
pub const ACTIONS: [&str; 5] = [
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
];

/// The largest message, in bytes of UTF-8. A queue may have a lower limit of its own.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// A queue of SQS.
pub struct SqsQueue {
    calls: SignedCalls,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`.
    pub fn new(aws: &Aws, url: &str) -> Self {
        let at = Url::parse(url).ok();
        Self { calls: aws.signed_calls(&Service::SQS, at.as_ref()), url: url.to_owned() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let body = without_noncharacters(body);
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::TooLarge);
        }
        let message = SendMessage { queue_url: &self.url, message_body: body };
        self.calls.call::<Done>("SendMessage", &message).await?;
        Ok(())
    }

    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let entries = bodies.into_iter().enumerate().map(|(number, body)| BatchEntry {
            id: number.to_string(),
            message_body: without_noncharacters(body),
        });
        let batch = SendMessageBatch { queue_url: &self.url, entries: entries.collect() };
        let sent = self.calls.call::<SentBatch>("SendMessageBatch", &batch).await?;
        if sent.failed.is_empty() { Ok(()) } else { Err(QueueError::Partial) }
    }

    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let change = ChangeMessageVisibility {
            queue_url: &self.url,
            receipt_handle: receipt,
            visibility_timeout: whole_seconds(wait),
        };
        self.calls.call::<Done>("ChangeMessageVisibility", &change).await?;
        Ok(())
    }

    fn peer(&self) -> Option<Peer> {
        self.calls.peer()
    }
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage<'a> {
    queue_url: &'a str,
    message_body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessageBatch<'a> {
    queue_url: &'a str,
    entries: Vec<BatchEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchEntry {
    id: String,
    message_body: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeMessageVisibility<'a> {
    queue_url: &'a str,
    receipt_handle: &'a str,
    visibility_timeout: i32,
}

/// An answer of which nothing is read.
#[derive(Deserialize)]
struct Done {}

#[derive(Deserialize)]
struct SentBatch {
    /// An entry for each message that was not taken.
    #[serde(rename = "Failed", default)]
    failed: Vec<IgnoredAny>,
}

impl From<CallError> for QueueError {
    fn from(error: CallError) -> Self {
        Self::Unreachable(error.into())
    }
}

/// SQS rejects a message with U+FFFE or U+FFFF in it, which a person may have typed into a trait.
/// JSON can escape them, as they can only occur inside a string.
pub fn without_noncharacters(json: String) -> String {
    // One after the other is a search for bytes; for both at once, each character would be decoded.
    if json.contains('\u{fffe}') || json.contains('\u{ffff}') {
        json.replace('\u{fffe}', r"\ufffe").replace('\u{ffff}', r"\uffff")
    } else {
        json
    }
}

/// Rounded up: an attempt that is too early is wasted.
fn whole_seconds(wait: Duration) -> i32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn characters_invalid_in_sqs_are_escaped_and_read_back() {
        let value = json!({"name": "a\u{fffe}b\u{ffff}c\u{fffd}"});
        let escaped = without_noncharacters(value.to_string());
        assert!(!escaped.contains(['\u{fffe}', '\u{ffff}']) && escaped.contains('\u{fffd}'));
        assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn backoff_is_rounded_up_to_whole_seconds() {
        let table = [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (3_600_000, 3600)];
        for (milliseconds, seconds) in table {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
    }
}
