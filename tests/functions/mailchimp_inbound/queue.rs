//! Queued delivery: events are enqueued, then sent to Segment.

use fakes::{ory::person, server::FakeReply};
use integration::Event;
use serde_json::{Value, json};

use super::{
    forms::{FIRED_AT_RFC3339, LIST, UNKNOWN_TYPES, at, form, with},
    people::ANN,
    setup::{ORY_SECRET, SECRET, event, is_skipped, queued, unauthenticated, with_ory},
};
use crate::common::{
    canaries, enqueued,
    event_log::{metrics, outcomes},
    segment_replies,
    setup::{QUEUE, message_id},
};

fn subscribe() -> Event {
    event(form("subscribe"))
}

#[tokio::test]
async fn enqueued_event_is_accepted_without_vendor_calls() {
    let inbound = queued().await.start().await;
    enqueued::is_accepted_without_vendor_calls(inbound, subscribe(), 200).await;
}

#[tokio::test]
async fn event_is_enqueued_before_rendering() {
    enqueued::is_accepted_unrendered(queued().await, subscribe(), 200).await;
}

#[tokio::test]
async fn enqueued_message_is_the_typed_event_without_secrets() {
    let mut inbound = queued().await.start().await;
    let answer = inbound.call(subscribe()).await;
    let mut message = inbound.stored_body();
    assert!(message.as_object_mut().unwrap().remove("received_at").unwrap().is_string());
    assert!(!message.to_string().contains(SECRET));
    let data = json!({
        "id": "8a25ff1d98", "list_id": LIST, "email": "ann@example.com", "email_type": "html",
        "ip_opt": "203.0.113.7", "interests": ["News", "Tea"],
        "merges": {"FNAME": "Ann", "INTERESTS": "News, Tea"},
    });
    let expected = json!({
        "version": 1, "function": "mailchimp-inbound", "event_id": answer.body["id"],
        "event": {"type": "subscribe", "fired_at": FIRED_AT_RFC3339, "data": data},
    });
    assert_eq!(message, expected);
}

#[tokio::test]
async fn event_about_no_person_is_not_enqueued() {
    let mut inbound = queued().await.var("MAILCHIMP_LISTS", LIST).start().await;
    assert_eq!(inbound.call(event("").method("GET")).await.status, 200);
    for kind in UNKNOWN_TYPES {
        let answer = inbound.call(event(form(kind))).await;
        assert!(is_skipped(&answer, "unknown type"), "{answer:?}");
    }
    let other = with(&form("subscribe"), "data[list_id]", "c8d7fc3276");
    assert!(is_skipped(&inbound.call(event(other)).await, "list not accepted"));
    assert!(inbound.stored().is_empty());
}

#[tokio::test]
async fn event_is_sent_once_even_if_mailchimp_redelivers_it() {
    let mut inbound = queued().await.start().await;
    for _ in 0..2 {
        assert_eq!(inbound.call(subscribe()).await.row(), (200, "accepted"));
    }
    assert!(inbound.work().await.is_empty());
    let call = inbound.received_once();
    assert_eq!(
        (&call.body["userId"], &call.body["traits"]["c"]),
        (&json!("8a25ff1d98"), &json!("subscribe"))
    );
    assert_eq!(inbound.call(subscribe()).await.row(), (200, "accepted"));
    assert!(inbound.work().await.is_empty());
    assert!(inbound.received().is_empty());
    assert_eq!(
        outcomes(&inbound.end().await.deliveries()),
        ["delivered", "duplicate", "duplicate"]
    );
}

#[tokio::test]
async fn event_has_a_request_log_entry_and_a_delivery_log_entry() {
    let inbound = queued().await.start().await;
    let function = "mailchimp-inbound";
    enqueued::has_a_request_and_a_delivery_log_entry(inbound, subscribe(), function).await;
}

#[tokio::test]
async fn event_with_nothing_to_do_is_skipped_on_delivery() {
    let mut inbound = queued().await.template("function(ctx) {}").start().await;
    assert_eq!(inbound.call(subscribe()).await.row(), (200, "accepted"));
    assert!(inbound.work().await.is_empty());
    let [line] = inbound.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], metrics(&line)), (&json!("skipped"), ["Skipped"].into()));
}

#[tokio::test]
async fn event_refused_by_segment_is_retried_from_the_queue_with_the_same_id() {
    let mut inbound = queued().await.start().await;
    assert_eq!(inbound.call(subscribe()).await.row(), (200, "accepted"));
    let replies = [
        (segment_replies::refused(500), 16..=32),
        (FakeReply::HangUp, 16..=32),
        (segment_replies::refused(400), 900..=900),
    ];
    let mut calls = Vec::new();
    for (reply, hidden) in replies {
        let context = format!("{reply:?}");
        inbound.vendor.segment.reply_next(reply);
        let wait = inbound.work_after(5).await.unwrap();
        assert!(hidden.contains(&wait), "{wait} s: {context}");
        calls.push(inbound.received_once());
        inbound.sqs.make_visible(QUEUE);
    }
    assert!(inbound.work().await.is_empty());
    calls.push(inbound.received_once());
    assert!(calls.iter().all(|call| message_id(call) == message_id(&calls[0])));
    let written = inbound.record()["written"]["S"].as_str().unwrap().to_owned();
    assert!(written.contains("segment/"), "{written}");
}

#[tokio::test]
async fn missing_table_makes_no_calls() {
    let mut inbound = queued().await.start().await;
    assert_eq!(inbound.call(subscribe()).await.row(), (200, "accepted"));
    inbound.dynamo_db.set_down(true);
    assert!(inbound.work_after(1).await.is_some());
    assert!(inbound.received().is_empty());
}

#[tokio::test]
async fn event_that_cannot_be_enqueued_is_delivered_inline() {
    enqueued::is_delivered_inline_if_it_cannot_be_enqueued(queued, subscribe()).await;
}

#[tokio::test]
async fn enqueue_timeout_delivers_inline_and_deduplicates_the_message() {
    let stored = enqueued::is_delivered_inline_after_an_enqueue_timeout(queued, subscribe());
    for mut inbound in stored.await {
        assert!(inbound.work().await.is_empty());
        inbound.received_once();
    }
}

/// With a template that gives canaries to everybody.
const CANARIES: &str = "function(ctx) {
    ory: { patch: [{
        op: 'add', path: '/metadata_public/mailchimp/canary', value: ctx.event.data.web_id,
    }] },
    segment: { userId: ctx.event.data.email }, idempotency_key: ctx.event.data.web_id,
}";

/// A form about a canary, and so many seconds later.
fn canary_event(n: usize) -> Event {
    let form = form("subscribe").replace("ann", canaries::CANARY).replace("Ann", "Canary");
    let form = with(&at(&form, u32::try_from(n).unwrap()), "data[web_id]", &format!("canary-{n}"));
    unauthenticated(form).query(&format!("secret={}", canaries::WEBHOOK_KEY))
}

#[tokio::test]
async fn logs_and_records_hold_no_canary_under_any_fault() {
    let inbound = canaries::everywhere(queued().await, CANARIES).start().await;
    enqueued::is_redacted_under_any_fault(inbound, canary_event).await;
}

#[tokio::test]
async fn logs_and_records_hold_no_canary_with_ory_under_any_fault() {
    for is_known in [true, false] {
        let setup = with_ory(canaries::everywhere(queued().await, CANARIES));
        setup.secrets.put(ORY_SECRET, "canary-ory-token");
        setup.vendor.ory.set_token(Some("canary-ory-token"));
        if is_known {
            setup.vendor.ory.put_identity(person(ANN, "canary@example.com"));
        }
        enqueued::is_redacted_under_any_fault(setup.start().await, canary_event).await;
    }
}

/// As the first release wrote it.
const OF_LAST_WEEK: &str = r#"{
    "version": 1,
    "function": "mailchimp-inbound",
    "event_id": "e397022ce129fabdd8ba98895d8b079ef214a93e57e13f60e9713db6fe18441d",
    "received_at": "2026-01-02T03:04:05.678912Z",
    "event": {
        "type": "unsubscribe",
        "fired_at": "2026-01-02T03:04:00Z",
        "data": {
            "id": "8a25ff1d98", "list_id": "a6b5da1054", "email": "ann@example.com",
            "action": "unsub", "merges": {"FNAME": "Ann"}, "interests": []
        }
    }
}"#;

#[tokio::test]
async fn redriven_old_message_is_sent_once() {
    let mut inbound = queued().await.start().await;
    for _ in 0..2 {
        enqueued::put(&inbound, OF_LAST_WEEK);
    }
    assert!(inbound.work().await.is_empty());
    let call = inbound.received_once();
    assert_eq!(
        (&call.body["userId"], &call.body["traits"]["c"]),
        (&json!("8a25ff1d98"), &json!("unsubscribe"))
    );
}

#[tokio::test]
async fn unknown_message_stays_in_the_queue_for_inspection() {
    let good: Value = serde_json::from_str(OF_LAST_WEEK).unwrap();
    enqueued::are_kept_for_inspection(queued().await.start().await, &good).await;
}
