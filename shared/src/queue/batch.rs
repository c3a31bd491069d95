//! What Lambda hands over from the queue, and what it wants to hear of it.

use std::fmt;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde_json::Value;

/// A message as it came from the queue.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Received {
    /// The message's own id, under which Lambda is told what became of it.
    pub id: String,
    /// What it is hidden by.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// How often it has been received, this time included.
    pub receives: u32,
}

impl fmt::Debug for Received {
    /// The body holds a person's data: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}, received {} times", self.id, self.receives)
    }
}

impl From<SqsMessage> for Received {
    fn from(message: SqsMessage) -> Self {
        let receives = message.attributes.get("ApproximateReceiveCount");
        Self {
            id: message.message_id.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            receives: receives.and_then(|count| count.parse().ok()).unwrap_or(1),
        }
    }
}

/// The messages of a queue's event; `None` for any other event.
pub fn received(event: &Value) -> Option<Vec<Received>> {
    if event["Records"][0]["eventSource"] != "aws:sqs" {
        return None;
    }
    let event: SqsEvent = serde_json::from_value(event.clone()).ok()?;
    Some(event.records.into_iter().map(Received::from).collect())
}

/// The answer that lets Lambda delete all messages but these
/// (`ReportBatchItemFailures`).
pub fn acknowledge(all_but: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.set_failures(all_but);
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: &str, receives: &str) -> Value {
        json!({
            "messageId": id, "receiptHandle": "r", "body": "b", "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": receives}, "messageAttributes": {},
        })
    }

    #[test]
    fn a_queue_s_event_is_told_from_a_url_s() {
        let event = json!({"Records": [record("one", "3"), record("two", "x")]});
        let message = |id: &str, receives| Received {
            id: id.to_owned(),
            receipt: "r".to_owned(),
            body: "b".to_owned(),
            receives,
        };
        assert_eq!(received(&event), Some(vec![message("one", 3), message("two", 1)]));
        for other in [
            json!({}),
            json!(null),
            json!({"Records": []}),
            json!({"Records": [{"eventSource": "aws:s3"}]}),
            json!({"requestContext": {"http": {"method": "POST"}}}),
        ] {
            assert_eq!(received(&other), None, "{other}");
        }
    }

    #[test]
    fn only_what_is_named_stays_in_the_queue() {
        let told = serde_json::to_value(acknowledge(vec!["one".to_owned()])).unwrap();
        assert_eq!(told, json!({"batchItemFailures": [{"itemIdentifier": "one"}]}));
        let told = serde_json::to_value(acknowledge(Vec::new())).unwrap();
        assert_eq!(told, json!({"batchItemFailures": []}));
    }
}
