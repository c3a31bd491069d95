//! The event log: what it contains, and what neither it nor a record does.

use fakes::ory::person;
use serde_json::json;

use super::{
    events::{event, rejected, to, with_metadata},
    setup::{KEY, URL, known, setup, signed, signed_by, unsigned},
};
use crate::{
    common::{canaries, enqueued, event_log, setup::VENDOR_SECRET},
    mailchimp_inbound::{
        people::ANN,
        setup::{ORY_SECRET, with_ory},
    },
};

#[tokio::test]
async fn every_request_has_one_log_entry_with_outcome_and_metrics() {
    let bounce = json!([event("hard_bounce", 0)]);
    let table: [event_log::Case<'_>; 8] = [
        (unsigned("").method("HEAD"), vec![], "validated", &[]),
        (signed(&json!([])), vec![], "validated", &[]),
        (unsigned("").method("GET"), vec![], "method_not_allowed", &[]),
        (unsigned("x".repeat(6 * 1024 * 1024 + 1)), vec![], "too_large", &[]),
        (signed_by("another-webhook-key", URL, &bounce), vec![], "unauthorized", &["Unauthorized"]),
        (signed_by(KEY, URL, &json!({})), vec![], "malformed", &[]),
        (signed(&json!([event("open", 0)])), vec![], "skipped", &["Received", "Skipped"]),
        (signed(&bounce), vec![], "accepted", &["Received", "Enqueued"]),
    ];
    event_log::has_one_log_entry_each(setup().await.start().await, &table).await;
}

#[tokio::test]
async fn events_are_counted_one_by_one_and_each_delivery_has_its_entry() {
    let mut inbound = known().await.start().await;
    inbound.takes(&[event("hard_bounce", 0), event("spam", 1), event("send", 2)]).await;
    let log = inbound.end().await;
    let request = &log.event_log()[0];
    assert_eq!((&request["Received"], &request["Enqueued"]), (&json!(3.0), &json!(3.0)));
    let ids: Vec<_> = log.deliveries().iter().map(|line| line["event_id"].clone()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.as_str().is_some_and(|id| id.len() == 64)));
    for line in log.deliveries() {
        assert_eq!(line["function"], "mandrill-inbound");
    }
}

/// Bounces and rejects of our own mails count; those of others are not ours to judge.
#[tokio::test]
async fn bounces_and_rejects_of_our_mails_are_counted_once() {
    let of_others = |event| with_metadata(json!({"ory_identity": ANN}), event);
    let table = [
        (event("hard_bounce", 0), true),
        (event("hard_bounce", 0), false),
        (event("reject", 1), true),
        (rejected("unsigned", 2), false),
        (event("soft_bounce", 3), false),
        (event("delivered", 4), false),
        (of_others(event("hard_bounce", 5)), false),
    ];
    let mut inbound = known().await.start().await;
    for (event, _) in &table {
        inbound.takes(std::slice::from_ref(event)).await;
    }
    let log = inbound.end().await.deliveries();
    for ((event, is_counted), line) in table.iter().zip(&log) {
        assert_eq!(line.get("Rejected").is_some(), *is_counted, "{event}: {line:#}");
    }
}

/// An event about a canary, each later than the one before.
fn canary_event(n: usize) -> integration::Event {
    let second = i64::try_from(n).unwrap();
    let about = |event| to("canary@example.com", event);
    let mut bounce = about(event("hard_bounce", second));
    for name in ["state", "subject", "sender", "bounce_description", "diag"] {
        bounce["msg"][name] = json!("canary");
    }
    (bounce["ip"], bounce["user_agent"]) = (json!(canaries::IP), json!("canary"));
    let events = json!([bounce, about(rejected("canary", second)), about(event("spam", second))]);
    signed_by(canaries::WEBHOOK_KEY, URL, &events).query("secret=canary")
}

/// With a template that gives canaries to everybody.
const CANARIES: &str = "function(ctx) {
    ory: { patch: [{
        op: 'add', path: '/metadata_public/mandrill/canary', value: ctx.event.msg.email,
    }] },
    segment: { userId: ctx.event.msg.email }, idempotency_key: ctx.event.msg.email,
}";

#[tokio::test]
async fn logs_and_records_hold_no_canary_under_any_fault() {
    for is_known in [true, false] {
        let setup = with_ory(canaries::everywhere(setup().await, CANARIES));
        setup.secrets.put(ORY_SECRET, "canary-ory-token");
        setup.vendor.ory.set_token(Some("canary-ory-token"));
        if is_known {
            setup.vendor.ory.put_identity(person(ANN, "canary@example.com"));
        }
        enqueued::is_redacted_under_any_fault(setup.start().await, canary_event).await;
    }
}

/// The shipped template too, and whatever is wrong with the call itself.
#[tokio::test]
async fn refused_calls_and_the_shipped_template_log_no_canary() {
    let setup = with_ory(setup().await.var("LOG_LEVEL", "trace"));
    setup.secrets.put(ORY_SECRET, "canary-ory-token");
    setup.secrets.put(VENDOR_SECRET, "canary-vendor-key");
    let mut inbound = setup.start().await;
    let list = json!([to("canary@example.com", event("hard_bounce", 0))]);
    for event in [
        signed_by("canary-webhook-key", URL, &list),
        signed_by(KEY, URL, &json!({"canary": "canary"})),
        unsigned("canary=canary&mandrill_events=canary"),
        unsigned("canary".repeat(1_100_000)),
        signed(&list),
    ] {
        inbound.call(event).await;
    }
    inbound.work().await;
    canaries::assert_silent(&inbound.end().await);
}
