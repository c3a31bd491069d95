//! Lambda's batches from the queue, and the answer that Lambda expects.

use std::fmt;

use serde_json::{Value, json};

use crate::envelope::RawEvent;

/// A message as it came from the queue.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct ReceivedMessage {
    /// The message's own id, under which its failure is reported to Lambda.
    pub id: String,
    /// The handle to delay it by.
    pub receipt: String,
    /// The body that was sent.
    pub body: String,
    /// How often it has been received, this time included.
    pub attempt: u32,
}

impl fmt::Debug for ReceivedMessage {
    /// The body holds a person's data: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}, received {} times", self.id, self.attempt)
    }
}

impl From<&Value> for ReceivedMessage {
    fn from(record: &Value) -> Self {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let attempt = record["attributes"]["ApproximateReceiveCount"].as_str();
        Self {
            id: text("messageId"),
            receipt: text("receiptHandle"),
            body: text("body"),
            attempt: attempt.and_then(|count| count.parse().ok()).unwrap_or(1),
        }
    }
}

/// The messages of a queue's event; `None` for any other event.
///
/// An incomplete record is a message all the same: Lambda deletes the messages of an event that is
/// answered like a call of the URL. With an empty id the whole batch stays.
pub fn received(event: &RawEvent) -> Option<Vec<ReceivedMessage>> {
    let records: Vec<Value> = serde_json::from_str(event.records()?.get()).ok()?;
    (records.first()?["eventSource"] == "aws:sqs")
        .then(|| records.iter().map(ReceivedMessage::from).collect())
}

/// The answer that lets Lambda delete all messages but these
/// (`ReportBatchItemFailures`).
pub fn acknowledge(all_but: Vec<String>) -> Value {
    let failures = all_but.into_iter().map(|id| json!({"itemIdentifier": id}));
    json!({"batchItemFailures": failures.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(event: &Value) -> Option<Vec<ReceivedMessage>> {
        super::received(&event.clone().into())
    }

    fn record(id: &str, attempt: &str) -> Value {
        json!({
            "messageId": id, "receiptHandle": "r", "body": "b", "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": attempt}, "messageAttributes": {},
        })
    }

    #[test]
    fn sqs_event_is_distinguished_from_a_url_event() {
        let event = json!({"Records": [record("one", "3"), record("two", "x")]});
        let message = |id: &str, attempt| ReceivedMessage {
            id: id.to_owned(),
            receipt: "r".to_owned(),
            body: "b".to_owned(),
            attempt,
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
    fn sqs_record_of_any_shape_is_a_message() {
        let odd = json!({"eventSource": "aws:sqs", "attributes": {"x": {}}, "body": 5});
        let event = json!({"Records": [odd, null, record("three", "3")]});
        let messages = received(&event).unwrap();
        let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, ["", "", "three"]);
    }

    #[test]
    fn only_reported_failures_stay_in_the_queue() {
        let answer = acknowledge(vec!["one".to_owned()]);
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "one"}]}));
        let answer = acknowledge(Vec::new());
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }
}
