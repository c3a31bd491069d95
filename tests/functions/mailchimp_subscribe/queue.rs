//! Queued delivery: events are enqueued, then delivered.

use serde_json::{Value, json};

use super::setup::{OPTS_IN, Setup, opt_in_event, queued_and_opting_in};
use crate::common::{
    canaries, enqueued,
    event_log::outcomes,
    ory::{FIRST, ann, ann_before_save, event, phone_only},
    setup::TABLE,
};

#[tokio::test]
async fn enqueued_event_is_accepted_without_vendor_calls() {
    let subscribe = queued_and_opting_in().await.start().await;
    enqueued::is_accepted_without_vendor_calls(subscribe, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_is_enqueued_before_rendering() {
    enqueued::is_accepted_unrendered(Setup::queued().await, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_has_a_request_log_entry_and_a_delivery_log_entry() {
    let subscribe = queued_and_opting_in().await.start().await;
    let function = "mailchimp-subscribe";
    enqueued::has_a_request_and_a_delivery_log_entry(subscribe, event(&ann()), function).await;
}

#[tokio::test]
async fn before_save_event_is_not_enqueued() {
    let mut subscribe = queued_and_opting_in().await.start().await;
    assert_eq!(subscribe.call(event(&ann_before_save())).await.status, 204);
    assert!(subscribe.stored().is_empty());
}

#[tokio::test]
async fn cancelled_event_is_enqueued_then_skipped() {
    let mut subscribe = Setup::queued().await.start().await;
    subscribe.store(event(&phone_only())).await;
    assert!(subscribe.work().await.is_empty());
    assert!(subscribe.received().is_empty() && subscribe.dynamo_db.calls() == 0);
    let [line] = subscribe.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], &line["Skipped"]), (&json!("skipped"), &json!(1.0)));
}

#[tokio::test]
async fn enqueued_message_holds_no_secret_and_the_record_no_personal_data() {
    let setup = canaries::everywhere(queued_and_opting_in().await, OPTS_IN);
    let mut subscribe = setup.start().await;
    let event = canaries::event_of(FIRST, &canaries::person("none")).cookie("session=magpie");
    subscribe.store(event).await;
    let message = subscribe.stored_body();
    assert_eq!(message["function"], "mailchimp-subscribe");
    let text = message.to_string();
    for secret in [canaries::SECRET, canaries::WEBHOOK_KEY, "canary-vendor-key", "cookies"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(subscribe.work().await.is_empty());
    let record = subscribe.record();
    assert_eq!(record["id"], json!({"S": "contact#00000001-1111-4111-8111-000000000001"}));
    assert_eq!(record.get("expires_at"), None, "it is remembered for good");
    canaries::assert_has_no_canary("the record", &record.to_string());
    let hash = shared::mailchimp::member_hash("canary@example.com");
    assert!(!record.to_string().contains(&hash), "the hash of an address names it");
    canaries::assert_silent(&subscribe.end().await);
}

#[tokio::test]
async fn logs_and_records_hold_no_canary_under_any_fault() {
    let setup = canaries::everywhere(queued_and_opting_in().await, OPTS_IN);
    let event = |n| {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000006");
        canaries::event_of(&trigger_id, &canaries::person("none"))
    };
    enqueued::is_redacted_under_any_fault(setup.start().await, event).await;
}

/// As the first release wrote it.
const OF_LAST_WEEK: &str = r#"{
    "version": 1,
    "function": "mailchimp-subscribe",
    "event_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
    "trigger_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
    "received_at": "2026-01-02T03:04:05.678912Z",
    "event": {
        "flow": {"id": "cec1c06e-48eb-4f9d-abf1-2e287371f4eb", "type": "browser"},
        "hook": {"flow": "registration", "method": "oidc", "when": "after_save"},
        "identity": {
            "id": "00000001-1111-4111-8111-000000000001",
            "traits": {"email": "ann@example.com", "consent": {"newsletter": true}},
            "verifiable_addresses": [
                {"value": "ann@example.com", "via": "email", "verified": true}
            ]
        }
    }
}"#;

#[tokio::test]
async fn redriven_old_message_is_delivered_once() {
    let mut subscribe = Setup::queued().await.start().await;
    for _ in 0..2 {
        enqueued::put(&subscribe, OF_LAST_WEEK);
    }
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.status_of("ann@example.com"), Some("subscribed"));
    assert_eq!(subscribe.methods(), ["GET", "GET", "PUT"]);
    assert_eq!(outcomes(&subscribe.end().await.deliveries()), ["delivered", "duplicate"]);
}

#[tokio::test]
async fn unknown_message_stays_in_the_queue_for_inspection() {
    let good: Value = serde_json::from_str(OF_LAST_WEEK).unwrap();
    let subscribe = Setup::queued().await.start().await;
    enqueued::are_kept_for_inspection(subscribe, &good).await;
}

#[tokio::test]
async fn each_message_of_a_batch_is_delivered() {
    let mut subscribe = Setup::queued().await.start().await;
    subscribe.store(opt_in_event(1)).await;
    enqueued::put(&subscribe, "not JSON");
    subscribe.store(opt_in_event(2)).await;
    let [kept] = subscribe.work_together(10).await.try_into().unwrap();
    assert_eq!(kept.body, "not JSON");
    let lines = subscribe.vendor.audience(|audience| audience.members().len());
    assert_eq!((lines, subscribe.dynamo_db.items(TABLE).len()), (2, 2));
}
