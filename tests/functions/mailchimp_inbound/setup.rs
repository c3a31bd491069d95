//! The function, called as Mailchimp calls it.

use integration::{Answer, Event};
use ory_actions::standins::Segment;
use serde_json::{Value, json};

use crate::common::setup::{Running, Setup};

/// What Mailchimp presents, in these tests and in the sample events.
pub(super) const SECRET: &str = "local-mailchimp-secret";

/// Tells Segment of every event about a contact, with an id and a time of Mailchimp's own.
pub(super) const TELLS: &str = "
function(ctx) {
  segment: {
    userId: ctx.event.data.id, traits: { c: ctx.event.type }, timestamp: ctx.event.fired_at,
  },
}
";

pub(super) async fn setup() -> Setup<Segment> {
    Setup::of("mailchimp-inbound", SECRET, assert_fit_for_mailchimp).await
}

/// With a queue, a table, and a template that tells Segment.
pub(super) async fn queued() -> Setup<Segment> {
    setup().await.with_queue().with_table().template(TELLS)
}

/// With the shipped template and no setting that is not required.
pub(super) async fn start() -> Running<Segment> {
    setup().await.start().await
}

/// With a template of its own.
pub(super) async fn start_with(code: &str) -> Running<Segment> {
    setup().await.template(code).start().await
}

/// A form as Mailchimp sends it.
pub(super) fn event(form: impl AsRef<[u8]>) -> Event {
    stranger(form).query(&format!("secret={SECRET}"))
}

/// A form as anybody may send it.
pub(super) fn stranger(form: impl AsRef<[u8]>) -> Event {
    Event::of_mailchimp(form)
}

/// The body of an answer to a caller who is turned away.
pub(super) fn error(reason: &str) -> Value {
    json!({"status": "error", "reason": reason})
}

/// The row of an event that is skipped.
pub(super) fn is_skipped(answer: &Answer, reason: &str) -> bool {
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
