//! The event that Lambda makes from received messages.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{ACCOUNT, FakeMessage};

/// The sender of every message in the event.
const SENDER: &str = "AROAEXAMPLE:local";

/// The event that a function gets for these messages.
pub fn lambda_event(messages: &[FakeMessage]) -> Value {
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

fn record(message: &FakeMessage) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.receive_count.to_string(),
            "SentTimestamp": millis(message.sent),
            "SenderId": SENDER,
            "ApproximateFirstReceiveTimestamp":
                millis(message.first_received.unwrap_or(message.sent)),
        },
        "messageAttributes": {},
        "md5OfBody": message.md5(),
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{}", message.queue),
        "awsRegion": "us-east-1",
    })
}

/// A time as SQS writes it.
pub(super) fn millis(time: OffsetDateTime) -> String {
    (time.unix_timestamp_nanos() / 1_000_000).to_string()
}
