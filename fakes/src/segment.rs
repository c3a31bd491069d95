//! Segment's tracking API, limited to `identify`, `track`, `group` and `batch`, and the settings of
//! a source.

use std::{fmt, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::server::FakeReply;
use crate::vendor::{FakeVendor, VendorServer};

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// The path under the API's root: `identify`, …
    pub path: String,
    /// The write key that it carries.
    pub write_key: Option<String>,
    /// The body.
    pub body: Value,
}

impl fmt::Display for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment: {}", self.path)?;
        for event in self.events() {
            let user = event["userId"].as_str().or(event["anonymousId"].as_str());
            write!(f, " {}", user.unwrap_or("nobody"))?;
        }
        Ok(())
    }
}

impl Tracked {
    /// The events of the call: those of a batch, or its single event.
    pub fn events(&self) -> &[Value] {
        match self.body["batch"].as_array() {
            Some(events) => events,
            None => std::slice::from_ref(&self.body),
        }
    }
}

/// How Segment behaves.
#[derive(Default)]
pub struct SegmentState {
    write_keys: Vec<String>,
    api_host: Option<String>,
}

/// A fake of Segment.
pub type FakeSegment = VendorServer<SegmentState>;

impl FakeSegment {
    /// Starts it on `port`, 0 for any; it accepts calls that carry `write_key`.
    pub async fn start(port: u16, write_key: &str) -> io::Result<Self> {
        let write_keys = vec![write_key.to_owned()];
        Self::serve(port, SegmentState { write_keys, ..SegmentState::default() }).await
    }

    /// The root of its API, for `SEGMENT_URL`.
    pub fn url(&self) -> String {
        format!("{}/v1", self.root())
    }

    /// Sets the region in the settings of the source; until then, there are no settings.
    pub fn set_api_host(&self, host: &str) {
        self.with(|segment| segment.api_host = Some(host.to_owned()));
    }

    /// Accepts only this write key from now on.
    pub fn set_write_key(&self, write_key: &str) {
        self.with(|segment| segment.write_keys = vec![write_key.to_owned()]);
    }

    /// Accepts one more write key from now on.
    pub fn add_write_key(&self, write_key: &str) {
        self.with(|segment| segment.write_keys.push(write_key.to_owned()));
    }
}

impl FakeVendor for SegmentState {
    type Call = Tracked;

    fn read(request: &Request<Bytes>) -> Tracked {
        Tracked {
            path: request.uri().path().trim_start_matches("/v1/").to_owned(),
            write_key: write_key(request),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        }
    }

    fn answer(&mut self, call: &Tracked, _count: usize) -> FakeReply {
        if let Some(rest) = call.path.strip_prefix("projects/") {
            return self.settings(rest);
        }
        if !call.write_key.as_ref().is_some_and(|key| self.write_keys.contains(key)) {
            return Self::invalid_key();
        }
        let is_good = match call.path.as_str() {
            "identify" | "track" | "group" => is_event(&call.body),
            "batch" => call.body["batch"].is_array() && call.events().iter().all(is_typed_event),
            _ => false,
        };
        FakeReply::json(if is_good { 200 } else { 400 }, &json!({"success": is_good}))
    }

    fn invalid_key() -> FakeReply {
        let message = "An invalid write key was provided";
        FakeReply::json(400, &json!({"success": false, "message": message}))
    }

    fn rejection() -> Option<FakeReply> {
        Some(FakeReply::json(400, &json!({"success": false, "message": "Invalid event"})))
    }
}

impl SegmentState {
    /// The settings of a source, which libraries read before they send.
    fn settings(&self, path: &str) -> FakeReply {
        let key = path.strip_suffix("/settings").map(str::to_owned);
        let is_ours = key.is_some_and(|key| self.write_keys.contains(&key));
        match &self.api_host {
            Some(host) if is_ours => {
                let settings = json!({"integrations": {"Segment.io": {"apiHost": host}}});
                FakeReply::json(200, &settings)
            }
            _ => FakeReply::text(404, "text/plain", "Cannot GET"),
        }
    }
}

/// Segment rejects a larger event.
const MAX_EVENT_BYTES: usize = 32 * 1024;

fn is_event(event: &Value) -> bool {
    event.is_object() && event.to_string().len() <= MAX_EVENT_BYTES
}

/// The path of a batch does not name the type of its events.
fn is_typed_event(event: &Value) -> bool {
    is_event(event) && ["identify", "track", "group"].map(Value::from).contains(&event["type"])
}

/// The user name of HTTP Basic, whose password is empty.
fn write_key(request: &Request<Bytes>) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(decoded).ok()?.strip_suffix(':').map(str::to_owned)
}
