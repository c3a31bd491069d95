//! The event log: what it contains, and what is redacted.

use fakes::{FakeSegment, server::FakeReply};
use serde_json::json;

use super::setup::{CANCELS_WITHOUT_ADDRESS, setup, start, start_with};
use crate::common::{
    canaries, event_log,
    ory::{SECOND, ann, ann_before_save, event, event_of, phone_only},
    segment_replies,
    setup::Setup,
    vendor_replies,
};

#[tokio::test]
async fn request_log_entry_has_the_outcome() {
    event_log::has_the_outcome_of_an_ory_request(start().await, "segment-identify").await;
}

#[tokio::test]
async fn every_request_has_one_log_entry_with_outcome_and_metrics() {
    let good = event(&ann());
    let later = vendor_replies::with_header(429, "retry-after", "600");
    let table: [event_log::Case<'_>; 9] = [
        (good.clone().method("GET"), vec![], "method_not_allowed", &[]),
        (good.clone().body("x".repeat(600 * 1024)), vec![], "too_large", &[]),
        (good.clone().header("authorization", "x"), vec![], "unauthorized", &["Unauthorized"]),
        (good.clone().body("{"), vec![], "malformed", &[]),
        (event(&ann_before_save()), vec![], "skipped", &["Received", "Skipped"]),
        (event(&phone_only()), vec![], "skipped", &["Received", "Skipped"]),
        (good.clone(), vec![later], "try_later", &["Received", "Retried", "VendorLatency"]),
        (
            good.clone(),
            vec![segment_replies::refused(400)],
            "blocked",
            &["Received", "Blocked", "VendorLatency"],
        ),
        (good, vec![FakeReply::HangUp; 3], "in_doubt", &["Received", "InDoubt", "VendorLatency"]),
    ];
    let identify = start_with(CANCELS_WITHOUT_ADDRESS).await;
    event_log::has_one_log_entry_each(identify, &table).await;
}

/// Goes wrong in the way that ctx asks for.
const FAULTY: &str = "
function(ctx)
  local name = ctx.identity.traits.name;
  local email = ctx.identity.traits.email;
  local faults = {
    none: { userId: email },
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    type: { type: name, userId: email },
    nobody: { traits: { name: name } },
    track: { type: 'track', userId: email, event: [name] },
    traits: { userId: email, traits: name },
    context: { userId: email, context: name },
    ours: { userId: email, writeKey: name },
    long: { userId: email, traits: { name: std.repeat(name, 3000) } },
  };
  faults[ctx.transient_payload.fault] + { traits+: std.trace(name, {}), idempotency_key: email }
";

/// With canaries wherever one can be.
async fn with_canaries() -> Setup<FakeSegment> {
    canaries::everywhere(setup().await, FAULTY)
}

#[tokio::test]
async fn log_redacts_template_input() {
    let table = [
        ("none", 200),
        ("cancel", 204),
        ("explicit", 422),
        ("field", 422),
        ("type", 422),
        ("nobody", 422),
        ("track", 422),
        ("traits", 422),
        ("context", 422),
        ("ours", 422),
        ("long", 503),
        ("canary", 422),
        ("none", 200),
    ];
    let mut identify = with_canaries().await.start().await;
    for (fault, status) in table {
        assert_eq!(identify.call(canaries::event(fault)).await.status, status, "{fault}");
    }
    assert_eq!(identify.received().len(), 2);
    canaries::are_redacted(identify, table.len()).await;
}

#[tokio::test]
async fn log_redacts_segment_responses() {
    let said = json!({"success": false, "message": "canary", "canary": "canary"});
    let bad_key = json!({"success": false, "message": "canary: an invalid write key was provided"});
    let replies = [
        FakeReply::json(400, &said),
        FakeReply::json(400, &bad_key),
        FakeReply::json(400, &bad_key),
        FakeReply::json(200, &said),
        FakeReply::text(404, "text/canary", "canary"),
        vendor_replies::with_header(302, "location", "https://example.com/canary"),
        vendor_replies::with_header(429, "retry-after", "600"),
        segment_replies::text(200, r#"{"success":true,"canary":"canary"}"#),
        vendor_replies::with_header(429, "retry-after", "canary"),
        segment_replies::text(200, r#"{"success":true,"canary"#),
    ];
    let mut identify = with_canaries().await.start().await;
    for reply in replies {
        identify.vendor.reply_next(reply);
    }
    for n in 0..8 {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000005");
        let key = "canary-webhook-key";
        let event = event_of(&trigger_id, &canaries::person("none")).header("authorization", key);
        identify.call(event).await;
    }
    assert_eq!(identify.received().len(), 11);
    identify.vendor.reply_next(FakeReply::HangUp);
    identify.vendor.set_resetting(true);
    assert_eq!(identify.call(canaries::event("none")).await.status, 503);
    canaries::assert_silent(&identify.end().await);
}

#[tokio::test]
async fn log_redacts_unauthenticated_requests() {
    canaries::of_unauthenticated_callers_are_redacted(with_canaries().await.start().await).await;
}

#[tokio::test]
async fn log_redacts_unusable_keys() {
    let table = [
        ("WEBHOOK_SECRET_ID", "canary"),
        ("SEGMENT_SECRET_ID", "canary-us6"),
        ("SEGMENT_SECRET_ID", "md-canary"),
        ("SEGMENT_SECRET_ID", r#"{"canary":"canary"}"#),
    ];
    let event = canaries::event_of(SECOND, &canaries::person("none"));
    canaries::of_unusable_keys_are_redacted(with_canaries, &event, &table).await;
}
