//! The queue over AWS SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::SendMessageBatchRequestEntry,
};

use super::{Queue, QueueError};
use crate::aws::{self, Aws};

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
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`.
    pub fn new(aws: &Aws, url: &str) -> Self {
        Self { client: Client::new(aws.sdk()), url: url.to_owned() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let body = without_noncharacters(body);
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::TooLarge);
        }
        let sent = self.client.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(unreachable)
    }

    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let mut batch = self.client.send_message_batch().queue_url(&self.url);
        for (number, body) in bodies.into_iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
            let entry = entry.message_body(without_noncharacters(body)).build();
            batch = batch.entries(entry.map_err(|error| QueueError::Unreachable(error.into()))?);
        }
        let sent = batch.send().await.map_err(unreachable)?;
        if sent.failed().is_empty() { Ok(()) } else { Err(QueueError::Partial) }
    }

    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let change = change.receipt_handle(receipt).visibility_timeout(whole_seconds(wait));
        change.send().await.map(drop).map_err(unreachable)
    }
}

/// SQS rejects a message with U+FFFE or U+FFFF in it, which a person may have typed into a trait.
/// JSON can escape them, as they can only occur inside a string.
pub fn without_noncharacters(json: String) -> String {
    if json.contains(['\u{fffe}', '\u{ffff}']) {
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

fn unreachable<E>(error: SdkError<E>) -> QueueError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    QueueError::Unreachable(aws::cause(&error))
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
