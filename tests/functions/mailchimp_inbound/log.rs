//! What can be seen of a request, and what never can.

use integration::Event;
use ory_actions::{server::Reply, standins::Segment};
use serde_json::json;

use super::{
    forms::{TYPES, form, with, without},
    setup::{TELLS, event, setup, start_with, stranger},
};
use crate::common::{canaries, journal, segment_says, setup::Setup, vendor_says};

#[tokio::test]
async fn a_request_has_one_line_that_says_what_came_of_it() {
    let mut inbound = start_with(TELLS).await;
    let answer = inbound.call(event(form("subscribe"))).await;
    let line = inbound.end().await.only_line();
    journal::tells_of_a_delivery(&line, "mailchimp-inbound");
    assert_eq!(line["key"], answer.body["id"]);
}

#[tokio::test]
async fn every_request_has_exactly_one_line_with_its_outcome_and_metrics() {
    let later = vendor_says::with_header(429, "retry-after", "600");
    let blocked = segment_says::refused(400);
    let [subscribe, profile, unsubscribe] = ["subscribe", "profile", "unsubscribe"].map(form);
    let table: [journal::Case<'_>; 11] = [
        (event("").method("GET"), vec![], "validated", &[]),
        (event("").method("PUT"), vec![], "method_not_allowed", &[]),
        (event("x".repeat(600 * 1024)), vec![], "too_large", &[]),
        (stranger(&subscribe), vec![], "unauthorized", &["Unauthorized"]),
        (event(""), vec![], "malformed", &[]),
        (event(form("pending")), vec![], "skipped", &["Accepted", "Skipped"]),
        (event(form("cleaned")), vec![], "template_fault", &["Accepted", "TemplateFault"]),
        (event(&profile), vec![later], "try_later", &["Accepted", "Retried", "VendorLatency"]),
        (event(&profile), vec![blocked], "blocked", &["Accepted", "Blocked", "VendorLatency"]),
        (event(&profile), vec![], "delivered", &["Accepted", "Delivered", "VendorLatency"]),
        (event(&profile), vec![], "duplicate", &["Accepted", "Duplicate"]),
    ];
    let silent: journal::Case<'_> = (
        event(&unsubscribe),
        vec![Reply::HangUp; 3],
        "unknown",
        &["Accepted", "Unknown", "VendorLatency"],
    );
    let inbound = start_with(TELLS).await;
    let table: Vec<_> = table.into_iter().chain([silent]).collect();
    journal::has_a_line_each(inbound, &table).await;
}

/// Goes wrong in the way that the merge field `FAULT` asks for.
const FAULTY: &str = "
function(ctx)
  local data = ctx.event.data;
  local email = data.email;
  local name = data.merges.FNAME;
  local faults = {
    none: { segment: { userId: email } },
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    extra: { [name]: email },
    nobody: { segment: { traits: { name: name } } },
    traits: { segment: { userId: email, traits: name } },
    integrations: { segment: { userId: email, integrations: name } },
    long: { segment: { userId: email, traits: { name: std.repeat(name, 6000) } } },
  };
  faults[std.get(data.merges, 'FAULT', 'none')] + { idempotency_key: std.trace(name, email) }
";

/// With canaries wherever one can be.
async fn with_canaries() -> Setup<Segment> {
    canaries::everywhere(setup().await, FAULTY)
}

/// A form about a contact whose every word is a canary.
fn canary(kind: &str) -> String {
    let form = form(kind).replace("ann", canaries::CANARY).replace("Ann", "Canary");
    with(&with(&form, "data[canary]", "canary"), "data[merges][CANARY]", "canary")
}

fn canary_event(form: impl AsRef<[u8]>) -> Event {
    stranger(form).query(&format!("secret={}", canaries::WEBHOOK_KEY)).cookie("canary=canary")
}

#[tokio::test]
async fn no_log_line_holds_what_a_template_saw() {
    let table = [
        ("none", 200),
        ("cancel", 200),
        ("explicit", 500),
        ("field", 500),
        ("extra", 500),
        ("nobody", 500),
        ("traits", 500),
        ("integrations", 500),
        ("long", 503),
        ("canary", 500),
        ("none", 200),
    ];
    let mut inbound = with_canaries().await.start().await;
    for (fault, status) in table {
        let form = with(&canary("subscribe"), "data[merges][FAULT]", fault);
        assert_eq!(inbound.call(canary_event(form)).await.status, status, "{fault}");
    }
    for kind in TYPES {
        inbound.call(canary_event(canary(kind))).await;
    }
    canaries::remain_unseen(inbound, table.len() + TYPES.len()).await;
}

#[tokio::test]
async fn no_log_line_holds_what_segment_said() {
    let said = json!({"success": false, "message": "canary", "canary": "canary"});
    let replies = [
        Reply::json(400, &said),
        Reply::json(200, &said),
        Reply::text(404, "text/canary", "canary"),
        vendor_says::with_header(302, "location", "https://example.com/canary"),
        segment_says::text(200, r#"{"success":true,"canary":"canary"}"#),
    ];
    let mut inbound = with_canaries().await.start().await;
    let calls = replies.len();
    for reply in replies {
        inbound.vendor.reply_next(reply);
        inbound.call(canary_event(canary("subscribe"))).await;
    }
    assert_eq!(inbound.received().len(), calls);
    inbound.vendor.reply_next(Reply::HangUp);
    inbound.vendor.set_resetting(true);
    let another = with(&canary("subscribe"), "data[email]", "canary%40example.org");
    assert_eq!(inbound.call(canary_event(another)).await.status, 503);
    canaries::assert_silent(&inbound.end().await);
}

#[tokio::test]
async fn no_log_line_holds_what_a_stranger_sent() {
    let good = canary("subscribe");
    let mut inbound = with_canaries().await.start().await;
    let strange = [
        canary_event(&good).method("CANARY"),
        canary_event(&good).query("secret=canary"),
        canary_event(&good).query("canary"),
        canary_event("canary"),
        canary_event("canary=%FF"),
        canary_event(with(&good, "canary", "%FF")),
        canary_event(with(&good, "fired_at", "canary")),
        canary_event(with(&good, "type", "canary%40example.com")),
        canary_event(without(&good, "data[list_id]")),
        canary_event(with(&good, &format!("canary{}", "[canary]".repeat(20)), "canary")),
        canary_event(with(&good, &"canary".repeat(50), "canary")),
        Event::post("canary")
            .marked_as_base64()
            .query(&format!("secret={}", canaries::WEBHOOK_KEY)),
    ];
    for event in strange {
        inbound.call(event).await;
    }
    inbound.call(json!({"canary": "canary"})).await;
    assert!(inbound.received().is_empty());
    canaries::assert_silent(&inbound.end().await);
}

#[tokio::test]
async fn no_log_line_holds_a_key_that_is_of_no_use() {
    let table = [
        ("WEBHOOK_SECRET_ID", "canary"),
        ("SEGMENT_SECRET_ID", "canary-us6"),
        ("SEGMENT_SECRET_ID", r#"{"canary":"canary"}"#),
    ];
    let event = canary_event(canary("subscribe"));
    canaries::of_useless_keys_remain_unseen(with_canaries, &event, &table).await;
}
