//! Queued delivery: events are enqueued, then sent to the vendor.

use serde_json::json;

use super::setup::{CANCELS_WITHOUT_ADDRESS, queued};
use crate::common::{
    canaries, enqueued,
    ory::{ann, ann_before_save, event, phone_only},
};

#[tokio::test]
async fn enqueued_event_is_accepted_without_vendor_calls() {
    let relay = queued().await.start().await;
    enqueued::is_accepted_without_vendor_calls(relay, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_is_enqueued_before_rendering() {
    enqueued::is_accepted_unrendered(queued().await, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_has_a_request_log_entry_and_a_delivery_log_entry() {
    let relay = queued().await.start().await;
    enqueued::has_a_request_and_a_delivery_log_entry(relay, event(&ann()), "relay").await;
}

#[tokio::test]
async fn before_save_event_is_not_enqueued() {
    let mut relay = queued().await.start().await;
    assert_eq!(relay.call(event(&ann_before_save())).await.status, 204);
    assert!(relay.stored().is_empty());
}

#[tokio::test]
async fn cancelled_event_is_enqueued_then_skipped() {
    let mut relay = queued().await.template(CANCELS_WITHOUT_ADDRESS).start().await;
    assert_eq!(relay.call(event(&phone_only())).await.row(), (202, "accepted"));
    assert!(relay.work().await.is_empty());
    assert!(relay.received().is_empty());
    let [line] = relay.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], &line["Skipped"]), (&json!("skipped"), &json!(1.0)));
}

#[tokio::test]
async fn logs_hold_no_canary_under_any_fault() {
    let code =
        "function(ctx) { path: ['a', ctx.identity.traits.email], body: ctx.identity.traits }";
    let event = |n| {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000006");
        canaries::event_of(&trigger_id, &canaries::person("none"))
    };
    let relay = canaries::everywhere(queued().await, code).start().await;
    enqueued::is_redacted_under_any_fault(relay, event).await;
}

#[tokio::test]
async fn event_that_cannot_be_enqueued_is_delivered_inline() {
    enqueued::is_delivered_inline_if_it_cannot_be_enqueued(queued, event(&ann())).await;
}
