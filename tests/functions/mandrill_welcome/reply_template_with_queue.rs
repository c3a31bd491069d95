//! `REPLY_TEMPLATE` with a queue: one inline attempt; events that it does not deliver are enqueued.

use std::time::Duration;

use fakes::server::FakeReply;
use integration::{Deployment, Event};
use serde_json::{Value, json};

use super::{
    mandrill_replies,
    reply_template::{REPORTS_OUTCOME, reported_outcome},
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    event_log::metrics,
    ory::{FIRST, ann, ann_before_save, event, phone_only},
    setup::QUEUE,
    vendor_replies,
};

async fn start() -> Welcome {
    let setup = Setup::queued().await.template(FROM_THE_DOCUMENTS);
    setup.reply_template(REPORTS_OUTCOME).start().await
}

/// The outcome that the reply template is given for an event.
async fn outcome_of(welcome: &mut Welcome, event: Event) -> Value {
    reported_outcome(&welcome.call(event).await)
}

fn accepted() -> Value {
    json!({"status": "accepted", "id": FIRST})
}

#[tokio::test]
async fn event_delivered_inline_is_not_enqueued() {
    let mut welcome = start().await;
    let outcome = outcome_of(&mut welcome, event(&ann())).await;
    assert_eq!((&outcome["status"], &outcome["id"]), (&json!("delivered"), &json!(FIRST)));
    assert_eq!((welcome.mails(), welcome.stored().len()), (1, 0));
    assert_eq!(outcome_of(&mut welcome, event(&ann())).await["status"], "duplicate");
    assert!(welcome.stored().is_empty());
    let line = &welcome.end().await.event_log()[0];
    assert_eq!(metrics(line), ["Received", "Delivered", "VendorLatency"].into());
}

#[tokio::test]
async fn failed_inline_call_is_enqueued_and_retried() {
    let replies = [
        mandrill_replies::error(500, "GeneralError"),
        vendor_replies::with_header(429, "retry-after", "0"),
        mandrill_replies::error(402, "PaymentRequired"),
    ];
    for reply in replies {
        let context = format!("{reply:?}");
        let mut welcome = start().await;
        welcome.vendor.reply_next(reply);
        assert_eq!(outcome_of(&mut welcome, event(&ann())).await, accepted(), "{context}");
        assert_eq!((welcome.mails(), welcome.stored().len()), (1, 1), "{context}");
        assert!(welcome.work().await.is_empty(), "{context}");
        assert_eq!(welcome.mails(), 1, "{context}");
        let [request, delivery] = welcome.end().await.event_log().try_into().unwrap();
        assert_eq!((&request["outcome"], &request["calls"]), (&json!("accepted"), &json!(1)));
        assert_eq!(delivery["outcome"], "delivered", "{context}");
    }
}

#[tokio::test]
async fn in_doubt_call_is_enqueued_and_found_later() {
    let mut welcome = start().await;
    welcome.vendor.act_and_reply_next(FakeReply::HangUp);
    assert_eq!(outcome_of(&mut welcome, event(&ann())).await, accepted());
    assert_eq!(welcome.mails(), 1);
    let wait = welcome.work_after(1).await.unwrap();
    assert!((20..=41).contains(&wait), "until the lease ends: {wait} s");
    welcome.let_time_pass(Duration::from_mins(3));
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.received_once().method, "messages/search");
}

#[tokio::test]
async fn template_fault_is_enqueued_and_delivered_after_a_fix() {
    let faulty = Setup::queued().await.template("function(ctx) ctx.missing");
    let mut welcome = faulty.reply_template(REPORTS_OUTCOME).start().await;
    assert_eq!(outcome_of(&mut welcome, event(&ann())).await, accepted());
    let fixed = |it: Deployment| it.template("TEMPLATE", FROM_THE_DOCUMENTS);
    welcome.sandbox.deploy(fixed).await;
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.mails(), 1);
    let [request, _] = welcome.end().await.event_log().try_into().unwrap();
    assert_eq!(request["outcome"], "accepted");
    assert_eq!(metrics(&request), ["Enqueued", "Received", "TemplateFault"].into());
}

#[tokio::test]
async fn missing_table_enqueues_the_event_without_calls() {
    let mut welcome = start().await;
    welcome.dynamo_db.set_down(true);
    assert_eq!(outcome_of(&mut welcome, event(&ann())).await, accepted());
    assert!(welcome.received().is_empty());
    assert_eq!(welcome.stored().len(), 1);
}

#[tokio::test]
async fn reply_template_is_not_rendered_if_delivery_and_enqueue_fail() {
    let mut welcome = start().await;
    welcome.sqs.set_down(true);
    welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_503));
    assert_eq!(welcome.mails(), 1);
}

#[tokio::test]
async fn skipped_event_is_not_enqueued() {
    let setup = Setup::queued().await.reply_template(REPORTS_OUTCOME);
    let mut welcome = setup.start().await;
    for (ctx, reason) in [(ann_before_save(), "before_save"), (phone_only(), "cancelled")] {
        let skipped = json!({"status": "skipped", "reason": reason});
        assert_eq!(outcome_of(&mut welcome, event(&ctx)).await, skipped);
    }
    assert!(welcome.stored().is_empty());
}

#[tokio::test]
async fn any_timeout_is_answered_to_ory_within_ten_seconds() {
    let mut welcome = start().await;
    welcome.sqs.set_delay(Duration::from_mins(10));
    welcome.vendor.reply_next(vendor_replies::nothing());
    let limit = Duration::from_millis(10_400);
    let answer = tokio::time::timeout(limit, welcome.call(event(&ann()))).await.unwrap();
    assert_eq!(answer.message(), ("#/", 8_100_503));
    assert_eq!(welcome.mails(), 1);
    welcome.sqs.set_delay(Duration::ZERO);
    welcome.sqs.make_visible(QUEUE);
}
