//! An event, and what happened to it from its first request on.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::Value;

/// One event. Kratos' further attempts and whatever else repeats it are requests of the same event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    /// Its number, from 1.
    pub(super) id: usize,
    /// The function that it is for.
    pub(super) function: &'static str,
    /// What happened, in a word or two.
    pub(super) title: String,
    /// What its template is rendered over; null where nobody can read the event.
    pub(super) argument: Value,
    /// The requests, in the order in which they came.
    pub(super) requests: Vec<Request>,
    /// What makes two requests the same event.
    #[serde(skip)]
    pub(super) key: Option<String>,
}

/// One request to a function, and all that it led to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    /// When it came, in RFC 3339.
    pub(super) at: String,
    /// What the function did meanwhile.
    pub(super) steps: Vec<Step>,
    /// The line that the function logged.
    pub(super) line: Value,
    /// What it answered; none while it is at work.
    pub(super) answer: Option<Answer>,
    /// The request itself, to be sent again.
    #[serde(skip)]
    pub(super) sent: Sent,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What the function answered.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body; null where there is none.
    pub(super) body: Value,
    pub(super) took_ms: u64,
}

/// Something that a function did about an event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Step {
    /// It called somebody.
    Call(Call),
    /// It asked or told the records.
    Record {
        /// What.
        did: &'static str,
        /// What the record says thereafter.
        state: String,
    },
}

/// A call to a vendor.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Call {
    /// Whom.
    pub(super) to: String,
    /// The method and the path.
    pub(super) line: String,
    /// The body, without the vendor's key; null where there is none.
    pub(super) body: Value,
    /// What came back.
    pub(super) reply: Reply,
    pub(super) took_ms: u64,
}

/// What came back of a call.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Reply {
    /// An answer; where its body is no JSON, as text.
    Answer { status: u16, body: Value },
    /// None: what the function knows of it.
    Nothing { error: String },
}

impl Request {
    /// A request that has just come.
    pub(super) fn new(at: String, sent: Sent) -> Self {
        Self { at, steps: Vec::new(), line: Value::Null, answer: None, sent }
    }
}
