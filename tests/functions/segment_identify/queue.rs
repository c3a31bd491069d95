//! Queued delivery: events are enqueued, then sent to Segment.

use fakes::ory::person;
use serde_json::{Value, json};
use shared::backfill::{self, Run};

use super::setup::{CANCELS_WITHOUT_ADDRESS, queued};
use crate::common::{
    canaries, enqueued,
    ory::{ann, ann_before_save, event, phone_only},
    segment_replies,
    setup::message_id,
};

#[tokio::test]
async fn enqueued_event_is_accepted_without_vendor_calls() {
    let identify = queued().await.start().await;
    enqueued::is_accepted_without_vendor_calls(identify, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_is_enqueued_before_rendering() {
    enqueued::is_accepted_unrendered(queued().await, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_has_a_request_log_entry_and_a_delivery_log_entry() {
    let identify = queued().await.start().await;
    let function = "segment-identify";
    enqueued::has_a_request_and_a_delivery_log_entry(identify, event(&ann()), function).await;
}

#[tokio::test]
async fn before_save_event_is_not_enqueued() {
    let mut identify = queued().await.start().await;
    assert_eq!(identify.call(event(&ann_before_save())).await.status, 204);
    assert!(identify.stored().is_empty());
}

#[tokio::test]
async fn cancelled_event_is_enqueued_then_skipped() {
    let mut identify = queued().await.template(CANCELS_WITHOUT_ADDRESS).start().await;
    assert_eq!(identify.call(event(&phone_only())).await.row(), (202, "accepted"));
    assert!(identify.work().await.is_empty());
    assert!(identify.received().is_empty());
    let [line] = identify.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], &line["Skipped"]), (&json!("skipped"), &json!(1.0)));
}

#[tokio::test]
async fn logs_hold_no_canary_under_any_fault() {
    let code = "function(ctx) { userId: ctx.identity.traits.email }";
    let event = |n| {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000006");
        canaries::event_of(&trigger_id, &canaries::person("none"))
    };
    let identify = canaries::everywhere(queued().await, code).start().await;
    enqueued::is_redacted_under_any_fault(identify, event).await;
}

#[tokio::test]
async fn event_that_cannot_be_enqueued_is_delivered_inline() {
    enqueued::is_delivered_inline_if_it_cannot_be_enqueued(queued, event(&ann())).await;
}

#[tokio::test]
async fn enqueue_timeout_delivers_inline_and_segment_deduplicates() {
    let stored = enqueued::is_delivered_inline_after_an_enqueue_timeout(queued, event(&ann()));
    for mut identify in stored.await {
        assert!(identify.work().await.is_empty());
        let calls = identify.received();
        assert!(calls.len() > 1);
        assert!(calls.iter().all(|call| message_id(call) == message_id(&calls[0])));
    }
}

#[tokio::test]
async fn characters_invalid_in_sqs_survive_the_queue() {
    let name = "a\u{ffff}b\u{fffe}c";
    let mut identify = queued().await.start().await;
    let mut ctx = ann();
    ctx["identity"]["traits"]["name"] = json!(name);
    assert_eq!(identify.call(event(&ctx)).await.row(), (202, "accepted"));
    assert!(identify.work().await.is_empty());
    assert_eq!(identify.received_once().body["traits"]["name"], name);
}

/// As the first release wrote it.
const OF_LAST_WEEK: &str = r#"{
    "version": 1,
    "function": "segment-identify",
    "event_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
    "trigger_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
    "received_at": "2026-01-02T03:04:05.678912Z",
    "event": {
        "hook": null,
        "identity": {
            "id": "00000001-1111-4111-8111-000000000001",
            "traits": {"email": "ann@example.com"}
        }
    }
}"#;

#[tokio::test]
async fn redriven_old_message_is_sent_with_its_original_received_time() {
    let mut identify = queued().await.start().await;
    enqueued::put(&identify, OF_LAST_WEEK);
    assert!(identify.work().await.is_empty());
    let call = identify.received_once();
    assert_eq!(call.body["userId"], "00000001-1111-4111-8111-000000000001");
    assert_eq!(call.body["timestamp"], "2026-01-02T03:04:05.678Z");
}

/// So Segment sees it as older than what has happened since, and a second run as the same.
#[tokio::test]
async fn backfilled_person_is_as_old_as_the_data_and_has_the_same_id_in_a_second_run() {
    let mut identify = queued().await.start().await;
    let id = "00000001-1111-4111-8111-000000000001";
    let mut ann = person(id, "ann@example.com");
    ann["updated_at"] = json!("2026-01-02T03:04:05.678912Z");
    let mut calls = Vec::new();
    for run in [Run::Backfill, Run::Backfill, Run::Reconcile] {
        let message = backfill::message("segment-identify", run, None, &ann).unwrap();
        enqueued::put(&identify, message.to_json().unwrap());
        assert!(identify.work().await.is_empty());
        calls.push(identify.received_once());
    }
    for call in &calls {
        assert_eq!(call.body["userId"], id);
        assert_eq!(call.body["timestamp"], "2026-01-02T03:04:05.678Z");
        assert_eq!(message_id(call), message_id(&calls[0]));
    }
}

#[tokio::test]
async fn unknown_message_stays_in_the_queue_for_inspection() {
    let good: Value = serde_json::from_str(OF_LAST_WEEK).unwrap();
    enqueued::are_kept_for_inspection(queued().await.start().await, &good).await;
}

#[tokio::test]
async fn reply_template_makes_one_inline_call_and_enqueues_failures() {
    let code = "function(ctx, outcome) { messages: [{ instance_ptr: '#/', messages: [
      { id: 1, type: 'info', text: outcome.status },
    ] }] }";
    let mut identify = queued().await.reply_template(code).start().await;
    identify.vendor.reply_next(segment_replies::refused(500));
    for status in ["accepted", "delivered"] {
        let answer = identify.call(event(&ann())).await;
        assert_eq!(answer.body["messages"][0]["messages"][0]["text"], status);
        identify.received_once();
    }
    assert_eq!(identify.stored().len(), 1);
    assert!(identify.work().await.is_empty());
    identify.received_once();
}
