//! An event, and everything that happened to it since its first request.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde_json::Value;

/// One event. Retries by Kratos and other repetitions are requests of the same event.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    /// Its number, from 1.
    pub(super) id: usize,
    /// Its function.
    pub(super) function: &'static str,
    /// What happened, in a word or two.
    pub(super) title: String,
    /// The argument of its template; null if the event is unreadable.
    pub(super) argument: Value,
    /// The requests, in order of arrival.
    pub(super) requests: Vec<Request>,
    /// The deliveries from the queue, in order.
    pub(super) deliveries: Vec<Delivery>,
    /// The event id: what makes two requests the same event.
    #[serde(skip)]
    pub(super) key: Option<String>,
}

/// What a function did in one invocation.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Work {
    /// When it began, in RFC 3339.
    pub(super) at: String,
    /// What it did, in order.
    pub(super) steps: Vec<Step>,
    /// The entry that it logged.
    pub(super) line: Value,
}

/// One request to a function, and everything that it caused before the answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    /// What the function did.
    #[serde(flatten)]
    pub(super) work: Work,
    /// Its answer; none while the function is running.
    pub(super) answer: Option<Answer>,
    /// The request itself, to send it again.
    #[serde(skip)]
    pub(super) sent: Sent,
}

/// One delivery from the queue.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Delivery {
    /// What the function did.
    #[serde(flatten)]
    pub(super) work: Work,
    /// How often the message has been received, this time included.
    pub(super) attempt: u32,
    /// How it ended; none while the function is running.
    pub(super) ended: Option<Ended>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Ended {
    pub(super) took_ms: u64,
    /// How long the message waits until the next delivery; none if it was deleted.
    pub(super) wait_ms: Option<u64>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The answer of the function.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body; null if there is none.
    pub(super) body: Value,
    pub(super) took_ms: u64,
}

/// Something that a function did for an event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(super) enum Step {
    /// It called a vendor.
    Call(Call),
    /// It read or changed a record.
    Record {
        /// What it did.
        did: &'static str,
        /// The state of the record after it.
        state: String,
    },
}

/// A call to a vendor.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Call {
    /// The vendor.
    pub(super) to: String,
    /// The method and the path.
    pub(super) line: String,
    /// The body, without the API key; null if there is none.
    pub(super) body: Value,
    /// The response.
    pub(super) reply: Reply,
    pub(super) took_ms: u64,
}

/// The result of a call.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Reply {
    /// An answer; its body is text if it is not JSON.
    Answer { status: u16, body: Value },
    /// No answer: what the function knows about it.
    Nothing { error: String },
}
