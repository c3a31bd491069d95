//! The last attempt to deliver an event, as its function logged it. A message does not say why it
//! was not delivered, so this is where the cause is read.

use std::fmt;

use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// What a line of the log says of an attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Attempt {
    pub(super) at: OffsetDateTime,
    /// Which attempt it was, from 1 on.
    pub(super) number: Option<u32>,
    pub(super) outcome: String,
    pub(super) cause: Option<String>,
    /// Whom the event is about. One from Mailchimp may name several.
    pub(super) identity_ids: Vec<Uuid>,
}

/// A line of the log, as `shared::telemetry` writes it.
#[derive(Deserialize)]
struct Line {
    message: String,
    event_id: String,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    attempt: Option<u32>,
    outcome: String,
    cause: Option<String>,
    identity_id: Option<String>,
}

impl Attempt {
    /// Reads a line of the log; the event id and the attempt. Other lines are passed over.
    pub(super) fn of_line(line: &str) -> Option<(String, Self)> {
        let line: Line = serde_json::from_str(line).ok()?;
        let ids = line.identity_id.unwrap_or_default();
        let attempt = Self {
            at: line.timestamp,
            number: line.attempt,
            outcome: printable(&line.outcome),
            cause: line.cause.as_deref().map(printable),
            identity_ids: ids.split(',').filter_map(|id| Uuid::try_parse(id).ok()).collect(),
        };
        (line.message == "delivery").then_some((line.event_id, attempt))
    }
}

/// Without characters that act on a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.outcome)?;
        self.cause.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// The query of CloudWatch Logs for the last attempts of these events.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>
pub(super) fn query(event_ids: &[&str]) -> String {
    let ids: Vec<_> = event_ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!(
        "fields @timestamp, @message, event_id\n\
         | filter message = \"delivery\" and event_id in [{}]\n\
         | sort @timestamp desc\n\
         | dedup event_id\n\
         | limit 10000",
        ids.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::{
        clock::SystemClock,
        outcome::Outcome,
        telemetry::{EventLog, LogEntry, LogLevel, Sink},
    };
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The line that a function writes.
    fn written(entry: &LogEntry) -> Value {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (clock, sink) = (Arc::new(SystemClock), Sink::Memory(lines.clone()));
        EventLog::new("stack", "mandrill-welcome", LogLevel::Info, clock, sink).write(entry);
        lines.lock().unwrap().remove(0)
    }

    fn entry(outcome: &Outcome) -> LogEntry {
        let mut entry = LogEntry {
            message: "delivery",
            event_id: Some("e".to_owned()),
            attempt: Some(100),
            identity_id: Some(format!("{},{}", Uuid::from_u128(1), Uuid::from_u128(2))),
            ..LogEntry::default()
        };
        outcome.describe(&mut entry);
        entry
    }

    #[test]
    fn line_of_a_function_is_understood() {
        let line = written(&entry(&Outcome::blocked("no credit")));
        let (event_id, attempt) = Attempt::of_line(&line.to_string()).unwrap();
        assert_eq!(event_id, "e");
        assert_eq!(attempt.number, Some(100));
        assert_eq!(attempt.to_string(), "blocked: no credit");
        assert_eq!(attempt.identity_ids, [1, 2].map(Uuid::from_u128));
        assert_eq!(
            Attempt::of_line(&written(&entry(&Outcome::Duplicate)).to_string())
                .unwrap()
                .1
                .to_string(),
            "duplicate"
        );
    }

    #[test]
    fn other_lines_are_passed_over() {
        let mut request = entry(&Outcome::Accepted);
        request.message = "request";
        let unread = LogEntry { event_id: None, ..entry(&Outcome::blocked("unreadable")) };
        for line in [written(&request), written(&unread), json!({"type": "platform.start"})] {
            assert_eq!(Attempt::of_line(&line.to_string()), None, "{line}");
        }
        assert_eq!(Attempt::of_line("not JSON"), None);
    }

    #[test]
    fn cause_cannot_act_on_a_terminal() {
        let line = written(&entry(&Outcome::blocked("a\u{1b}[2J\u{9b}b\nc")));
        let (_, attempt) = Attempt::of_line(&line.to_string()).unwrap();
        assert_eq!(attempt.to_string(), "blocked: a [2J b c");
    }

    #[test]
    fn query_names_each_event_once() {
        let query = query(&["a", "b"]);
        assert!(query.contains(r#"event_id in ["a", "b"]"#), "{query}");
    }
}
