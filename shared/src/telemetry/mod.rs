//! The event log: one JSON line per request and per delivery, with CloudWatch metrics in it.
//!
//! Each request and delivery is logged once, where it is handled. No field can hold an address, a
//! name, an IP, a cookie, a body or a secret.

mod logging;
mod metrics;

use std::{
    io::Write,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, timeout};

pub use logging::{LogLevel, chain, start_logging};
pub use metrics::Metric;
use metrics::{Description, Values};

use crate::{answer::WebhookResponse, clock::SharedClock, template::TemplateFault};

/// The lowest status of an answer that says that the fault is on this side.
const SERVER_ERROR: u16 = 500;

/// One line: what happened to one request or one delivery.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogEntry {
    /// `request`, `delivery` or `start`.
    pub message: &'static str,
    /// The event id, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Ory's Trigger-ID, where it is a UUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_id: Option<String>,
    /// The identity's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// The outcome, in one word.
    pub outcome: &'static str,
    /// The cause, in words without values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The status of our answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The status of the vendor's last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_status: Option<u16>,
    /// The number of this attempt: how often the message has been received from the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The number of calls to the vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The metrics that this line carries.
    #[serde(skip)]
    pub metrics: Vec<(Metric, f64)>,
}

impl LogEntry {
    /// The entry of a start with a template that does not parse.
    pub fn for_broken_template(fault: &TemplateFault) -> Self {
        let mut entry = Self { message: "start", outcome: "template_fault", ..Self::default() };
        entry.cause = Some(fault.to_string());
        entry.count(Metric::TemplateFault);
        entry
    }

    /// Counts one.
    pub fn count(&mut self, metric: Metric) {
        self.metrics.push((metric, 1.0));
    }

    /// Counts so many, unless that is none.
    pub fn count_times(&mut self, metric: Metric, times: usize) {
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        self.metrics.extend((times > 0).then_some((metric, f64::from(times))));
    }

    /// A panic ended it: the outcome is in doubt.
    pub fn panicked(&mut self) {
        self.outcome = "panicked";
        self.count(Metric::InDoubt);
    }

    /// The caller's time ran out: if there was an event, it may have been sent by then; if not,
    /// only the secrets can have taken so long.
    pub fn ran_out_of_time(&mut self) {
        self.outcome = "unfinished";
        self.cause = Some("ran out of time to respond".to_owned());
        self.count(if self.event_id.is_some() { Metric::InDoubt } else { Metric::Blocked });
    }

    /// The total duration.
    pub fn took(&mut self, took: Duration) {
        self.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    }

    /// Counts none, where that differs from a metric that is missing.
    pub fn count_none(&mut self, metric: Metric) {
        self.metrics.push((metric, 0.0));
    }

    /// Records a duration.
    pub fn measure(&mut self, metric: Metric, took: Duration) {
        self.metrics.push((metric, took.as_secs_f64() * 1000.0));
    }
}

/// Where log entries go.
#[derive(Clone)]
pub enum Sink {
    /// Standard output, which Lambda passes on to CloudWatch.
    Stdout,
    /// A list, for tests.
    Memory(Arc<Mutex<Vec<Value>>>),
    /// A listener that gets each entry at once, in the local stack.
    Listener(fn(Value)),
    /// Nowhere.
    Nowhere,
}

/// Writes a function's log entries.
#[derive(Clone)]
pub struct EventLog {
    stack: Arc<str>,
    function: &'static str,
    level: LogLevel,
    clock: SharedClock,
    sink: Sink,
}

impl EventLog {
    /// The event log of `function` in `stack`. If `level` is above `info`, entries contain metrics
    /// only.
    pub fn new(
        stack: &str,
        function: &'static str,
        level: LogLevel,
        clock: SharedClock,
        sink: Sink,
    ) -> Self {
        Self { stack: stack.into(), function, level, clock, sink }
    }

    /// Answers a request within `limit`, finished or not, and writes its one log entry. A panic,
    /// too, is answered with `unfinished`, so that the caller tries again and the next request is
    /// served.
    pub async fn request(
        &self,
        limit: Duration,
        unfinished: WebhookResponse,
        answer: impl AsyncFnOnce(&mut LogEntry) -> WebhookResponse,
    ) -> WebhookResponse {
        let began = Instant::now();
        let mut entry = LogEntry { message: "request", ..LogEntry::default() };
        let answered = timeout(limit, AssertUnwindSafe(answer(&mut entry)).catch_unwind()).await;
        let response = match answered {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                entry.panicked();
                unfinished
            }
            Err(_) => {
                entry.ran_out_of_time();
                unfinished
            }
        };
        entry.status = Some(response.status);
        if response.status >= SERVER_ERROR {
            entry.count(Metric::ServerError);
        }
        entry.took(began.elapsed());
        self.write(&entry);
        response
    }

    /// Writes one entry.
    pub fn write(&self, entry: &LogEntry) {
        let Some(mut line) = self.compose(entry) else {
            return;
        };
        match &self.sink {
            // In one write, as standard output looks for a line's end in each. A failed write
            // cannot be reported to anyone.
            Sink::Stdout => {
                line.push(b'\n');
                let _ = std::io::stdout().write_all(&line);
            }
            Sink::Memory(lines) => {
                lines.lock().unwrap_or_else(PoisonError::into_inner).extend(parsed(&line));
            }
            Sink::Listener(tell) => {
                parsed(&line).map(tell);
            }
            Sink::Nowhere => {}
        }
    }

    /// The entry's line, in JSON; `None` if nothing of it is logged.
    fn compose(&self, entry: &LogEntry) -> Option<Vec<u8>> {
        let shows_request = self.level.shows_requests();
        if !shows_request && entry.metrics.is_empty() {
            return None;
        }
        let now = self.clock.now();
        let line = Line {
            timestamp: now.format(&Rfc3339).ok()?,
            level: "INFO",
            function: self.function,
            stack: &self.stack,
            entry: shows_request.then_some(entry),
            values: Values(&entry.metrics),
            description: Description::of(&entry.metrics, now),
        };
        let mut json = Vec::with_capacity(USUAL_LINE_BYTES);
        serde_json::to_writer(&mut json, &line).ok()?;
        Some(json)
    }
}

/// More than most lines have, so that the text is not moved while it grows.
const USUAL_LINE_BYTES: usize = 1024;

fn parsed(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok()
}

/// A line of the log.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    function: &'static str,
    stack: &'a str,
    #[serde(flatten)]
    entry: Option<&'a LogEntry>,
    #[serde(flatten)]
    values: Values<'a>,
    #[serde(rename = "_aws", skip_serializing_if = "Option::is_none")]
    description: Option<Description<'a>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::clock::VirtualClock;

    fn event_log(level: LogLevel) -> EventLog {
        let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00:00.5 UTC)));
        EventLog::new("ory-actions", "mandrill-welcome", level, clock, Sink::Nowhere)
    }

    fn composed(level: LogLevel, entry: &LogEntry) -> Option<Value> {
        event_log(level).compose(entry).map(|line| serde_json::from_slice(&line).unwrap())
    }

    fn entry() -> LogEntry {
        let mut entry = LogEntry {
            message: "request",
            event_id: Some("k".to_owned()),
            outcome: "delivered",
            status: Some(200),
            vendor_status: Some(200),
            calls: Some(1),
            duration_ms: 12,
            ..LogEntry::default()
        };
        entry.count(Metric::Delivered);
        entry.measure(Metric::VendorLatency, Duration::from_millis(7));
        entry
    }

    #[tokio::test(start_paused = true)]
    async fn log_entry_has_its_metrics_in_embedded_metric_format() {
        let line = composed(LogLevel::Info, &entry()).unwrap();
        let expected = json!({
            "timestamp": "2026-01-01T00:00:00.5Z", "level": "INFO", "stack": "ory-actions",
            "function": "mandrill-welcome",
            "message": "request", "event_id": "k", "outcome": "delivered", "status": 200,
            "vendor_status": 200, "calls": 1, "duration_ms": 12,
            "Delivered": 1.0, "VendorLatency": 7.0,
            "_aws": {
                "Timestamp": 1_767_225_600_500_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "OryActions",
                    "Dimensions": [["stack", "function"]],
                    "Metrics": [
                        {"Name": "Delivered", "Unit": "Count"},
                        {"Name": "VendorLatency", "Unit": "Milliseconds"},
                    ],
                }],
            },
        });
        assert_eq!(line, expected);
    }

    /// What the directives of a line say: the dimensions and the metrics of each.
    fn directives(line: &Value) -> Vec<(Value, Vec<Value>)> {
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
        let names = |all: &Value| {
            all.as_array().unwrap().iter().map(|metric| metric["Name"].clone()).collect()
        };
        directives.map(|one| (one["Dimensions"].clone(), names(&one["Metrics"]))).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_an_alarm_of_the_stack_watches_is_counted_without_the_function() {
        let mut entry = entry();
        entry.count(Metric::Blocked);
        let line = composed(LogLevel::Info, &entry).unwrap();
        let all = vec![json!("Delivered"), json!("VendorLatency"), json!("Blocked")];
        let expected =
            [(json!([["stack", "function"]]), all), (json!([["stack"]]), vec![json!("Blocked")])];
        assert_eq!(directives(&line), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn server_errors_are_counted_and_other_answers_are_not() {
        for (status, counted) in [(200, None), (401, None), (500, Some(1.0)), (503, Some(1.0))] {
            let lines = Arc::default();
            let sink = Sink::Memory(Arc::clone(&lines));
            let event_log = EventLog { sink, ..event_log(LogLevel::Info) };
            let answer = async |_: &mut LogEntry| WebhookResponse::empty(status);
            event_log.request(Duration::MAX, WebhookResponse::empty(503), answer).await;
            let lines = lines.lock().unwrap();
            assert_eq!(lines[0].get("ServerError"), counted.map(|it: f64| json!(it)).as_ref());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn panic_is_answered_and_logged() {
        let lines = Arc::default();
        let event_log =
            EventLog { sink: Sink::Memory(Arc::clone(&lines)), ..event_log(LogLevel::Info) };
        let panics = async |_: &mut LogEntry| panic!("marked");
        let answer = event_log.request(Duration::MAX, WebhookResponse::empty(503), panics).await;
        assert_eq!(answer, WebhookResponse::empty(503));
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!((&lines[0]["outcome"], &lines[0]["status"]), (&json!("panicked"), &json!(503)));
        assert!(!lines[0].to_string().contains("marked"));
    }

    #[tokio::test(start_paused = true)]
    async fn request_timeout_is_answered_in_time_and_logged() {
        let limit = Duration::from_secs(8);
        for (event_id, metric) in [(None, "Blocked"), (Some("k".to_owned()), "InDoubt")] {
            let lines = Arc::default();
            let sink = Sink::Memory(Arc::clone(&lines));
            let event_log = EventLog { sink, ..event_log(LogLevel::Info) };
            let began = Instant::now();
            let never = async |entry: &mut LogEntry| {
                entry.event_id = event_id;
                std::future::pending().await
            };
            let answer = event_log.request(limit, WebhookResponse::empty(503), never).await;
            assert_eq!((answer, began.elapsed()), (WebhookResponse::empty(503), limit));
            let lines = lines.lock().unwrap();
            assert_eq!(
                (&lines[0]["outcome"], &lines[0]["status"]),
                (&json!("unfinished"), &json!(503))
            );
            assert_eq!(lines[0][metric], json!(1.0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn line_begins_with_what_a_reader_looks_for_and_names_no_field_twice() {
        let mut entry = entry();
        entry.measure(Metric::VendorLatency, Duration::from_millis(9));
        let line = event_log(LogLevel::Info).compose(&entry).unwrap();
        let line = String::from_utf8(line).unwrap();
        let begin = r#"{"timestamp":"2026-01-01T00:00:00.5Z","level":"INFO","function":"mandrill-welcome","stack":"ory-actions","message":"request","event_id":"k","outcome":"delivered","#;
        assert!(line.starts_with(begin), "{line}");
        assert_eq!(line.matches(r#""VendorLatency":"#).count(), 1, "{line}");
        assert!(line.contains(r#""VendorLatency":9.0"#), "{line}");
    }

    #[tokio::test(start_paused = true)]
    async fn only_metrics_remain_above_info_level() {
        let line = composed(LogLevel::Error, &entry()).unwrap();
        assert!(line.get("event_id").is_none() && line.get("_aws").is_some());
        assert!(composed(LogLevel::Error, &LogEntry::default()).is_none());
    }
}
