//! The function, called as Mailchimp calls it.

use fakes::{FakeOry, FakeSegment, Tracked, server::FakeReply};
use integration::{Answer, Event};
use serde_json::{Value, json};

use crate::common::setup::{Running, Setup, Vendor};

/// What Mailchimp presents, in these tests and in the sample events.
pub(crate) const SECRET: &str = "local-mailchimp-secret";

/// Sends every event about a contact to Segment, with the id and time from Mailchimp.
pub(crate) const SENDS_TO_SEGMENT: &str = "
function(ctx) {
  segment: {
    userId: ctx.event.data.id, traits: { c: ctx.event.type }, timestamp: ctx.event.fired_at,
  },
}
";

/// The vendors that the function calls.
pub(crate) struct Vendors {
    pub(crate) segment: FakeSegment,
    /// Ory, which is only called where the variables say so, see [`with_ory`].
    pub(crate) ory: FakeOry,
}

impl Vendor for Vendors {
    const NAME: &str = FakeSegment::NAME;
    const KEY: &str = FakeSegment::KEY;
    type Call = Tracked;

    async fn start() -> Self {
        let ory = FakeOry::start(0, Some(ORY_TOKEN)).await.unwrap();
        Self { segment: <FakeSegment as Vendor>::start().await, ory }
    }

    fn url(&self) -> String {
        self.segment.url()
    }

    fn set_key(&self, key: &str) {
        self.segment.set_write_key(key);
    }

    fn add_key(&self, key: &str) {
        self.segment.add_write_key(key);
    }

    fn reply_next(&self, reply: FakeReply) {
        self.segment.reply_next(reply);
    }

    fn take_received(&self) -> Vec<Tracked> {
        self.segment.take_received()
    }

    fn body(call: &Tracked) -> String {
        call.body.to_string()
    }

    /// What Ory was told comes first.
    fn take_lines(&self) -> Vec<String> {
        let patches = self.ory.take_patches().into_iter().map(|call| call.to_string());
        patches.chain(self.take_received().iter().map(ToString::to_string)).collect()
    }
}

/// Without Ory.
pub(crate) async fn setup() -> Setup<Vendors> {
    Setup::of("mailchimp-inbound", SECRET, assert_fit_for_mailchimp).await
}

/// The secret with Ory's token, and the token.
pub(crate) const ORY_SECRET: &str = "ory";
pub(crate) const ORY_TOKEN: &str = "the-ory-token";

/// With Ory.
pub(crate) fn with_ory(setup: Setup<Vendors>) -> Setup<Vendors> {
    setup.secrets.put(ORY_SECRET, &json!({ "access_token": ORY_TOKEN }).to_string());
    let url = setup.vendor.ory.url();
    setup.var("ORY_URL", url).var("ORY_SECRET_ID", ORY_SECRET)
}

/// With a queue, a table, and a template that tells Segment.
pub(super) async fn queued() -> Setup<Vendors> {
    setup().await.with_queue().with_table().template(SENDS_TO_SEGMENT)
}

/// With the shipped template and no setting that is not required.
pub(super) async fn start() -> Running<Vendors> {
    setup().await.start().await
}

/// With a template of its own.
pub(super) async fn start_with(code: &str) -> Running<Vendors> {
    setup().await.template(code).start().await
}

/// A form as Mailchimp sends it.
pub(crate) fn event(form: impl AsRef<[u8]>) -> Event {
    unauthenticated(form).query(&format!("secret={SECRET}"))
}

/// A form as anybody may send it.
pub(crate) fn unauthenticated(form: impl AsRef<[u8]>) -> Event {
    Event::of_mailchimp(form)
}

/// The body of an answer to a rejected caller.
pub(crate) fn error(reason: &str) -> Value {
    json!({"status": "error", "reason": reason})
}

/// The row of an event that is skipped.
pub(crate) fn is_skipped(answer: &Answer, reason: &str) -> bool {
    answer.status == 200 && answer.body == json!({"status": "skipped", "reason": reason})
}

/// Mailchimp tries again after anything but a 200, follows no redirect, and at 410 switches the
/// webhook off.
fn assert_fit_for_mailchimp(answer: &Answer) {
    assert!([200, 400, 401, 405, 413, 500, 503].contains(&answer.status), "{answer:?}");
    let content_type = answer.headers.get("content-type").map(String::as_str);
    assert_eq!(content_type, answer.body.is_object().then_some("application/json"));
    assert_eq!(answer.headers.contains_key("allow"), answer.status == 405, "{answer:?}");
    let others =
        answer.headers.keys().filter(|name| !["allow", "content-type"].contains(&name.as_str()));
    assert_eq!(others.count(), 0, "{answer:?}");
}
