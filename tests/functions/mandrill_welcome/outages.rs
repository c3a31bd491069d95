//! Outages of the queue and the table, and lost responses of theirs.

use std::time::{Duration, Instant};

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    enqueued,
    event_log::outcomes,
    ory::{ann, event},
    queue::until_called,
    setup::QUEUE,
};

async fn setup() -> Setup {
    Setup::queued().await.template(FROM_THE_DOCUMENTS)
}

#[tokio::test]
async fn event_that_cannot_be_enqueued_is_delivered_inline() {
    enqueued::is_delivered_inline_if_it_cannot_be_enqueued(setup, event(&ann())).await;
}

#[tokio::test]
async fn enqueue_timeout_delivers_inline_and_sends_one_mail() {
    let stored = enqueued::is_delivered_inline_after_an_enqueue_timeout(setup, event(&ann()));
    for mut welcome in stored.await {
        assert!(welcome.work().await.is_empty());
        assert_eq!(welcome.mails(), 1);
        let event_log = welcome.end().await.event_log();
        assert_eq!(outcomes(&event_log[..1]), ["delivered"]);
        assert!(outcomes(&event_log[1..]).iter().all(|outcome| *outcome == "duplicate"));
    }
}

#[tokio::test]
async fn event_enqueued_twice_after_a_lost_response_is_one_mail() {
    let mut welcome = Welcome::queued().await;
    welcome.sqs.hang_up_next(1);
    welcome.store(event(&ann())).await;
    assert_eq!(welcome.stored().len(), 2);
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.mails(), 1);
}

#[tokio::test]
async fn queue_and_mandrill_outage_asks_ory_to_retry() {
    let mut welcome = Welcome::queued().await;
    welcome.sqs.set_delay(Duration::from_mins(10));
    for _ in 0..3 {
        welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    }
    let began = Instant::now();
    assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_503));
    assert!(began.elapsed() < Duration::from_secs(10));
    welcome.sqs.set_delay(Duration::ZERO);
    welcome.store(event(&ann())).await;
}

#[tokio::test]
async fn sqs_timeout_is_limited_to_two_seconds() {
    let mut welcome = Welcome::queued().await;
    welcome.sqs.set_delay(Duration::from_mins(10));
    let began = Instant::now();
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn message_stays_queued_if_its_backoff_cannot_be_set() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    let message = welcome.sqs.receive(QUEUE, 1);
    welcome.sqs.set_down(true);
    welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    assert_eq!(welcome.sandbox.deliver(&message).await, [message[0].id.clone()]);
    assert_eq!(welcome.stored_once().visibility, None);
}

#[tokio::test]
async fn missing_table_prevents_queued_calls() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    for unreachable in [true, false] {
        welcome.dynamo_db.set_down(unreachable);
        welcome.dynamo_db.set_delay(Duration::from_mins(if unreachable { 0 } else { 10 }));
        let wait = welcome.work_after(5).await.unwrap();
        assert!((16..=32).contains(&wait), "{wait} s");
        assert!(welcome.received().is_empty());
        welcome.sqs.make_visible(QUEUE);
    }
    welcome.dynamo_db.set_delay(Duration::ZERO);
    welcome.let_time_pass(Duration::from_mins(31));
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.mails(), 1);
}

#[tokio::test]
async fn acquire_timeout_leaves_the_event_in_doubt() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    welcome.dynamo_db.hang_up_next(2);
    assert!(welcome.work_after(1).await.is_some());
    welcome.let_time_pass(Duration::from_mins(1));
    let wait = welcome.work_after(2).await.unwrap();
    assert!((50..=90).contains(&wait), "{wait} s");
    assert!(welcome.received().is_empty());
    welcome.let_time_pass(Duration::from_mins(30));
    assert!(welcome.work().await.is_empty());
    let methods: Vec<_> = welcome.received().into_iter().map(|call| call.method).collect();
    assert_eq!(methods, ["messages/search", "messages/send"]);
}

#[tokio::test]
async fn acquire_retry_after_a_lost_response_delivers_at_once() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    welcome.dynamo_db.hang_up_next(1);
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.received_once().method, "messages/send");
}

#[tokio::test]
async fn missing_table_asks_ory_to_retry_inline() {
    let mut welcome = Setup::new().await.with_table().start().await;
    welcome.dynamo_db.set_down(true);
    assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_503));
    assert!(welcome.received().is_empty());
    welcome.dynamo_db.set_down(false);
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "duplicate"));
    let event_log = welcome.end().await.event_log();
    assert_eq!(outcomes(&event_log), ["try_later", "delivered", "duplicate"]);
}

/// Mandrill sends a mail, and takes a while to say so.
fn slowly_sent() -> FakeReply {
    FakeReply::After(Duration::from_millis(500), Box::new(mandrill_replies::row("sent", None)))
}

/// Checks that a mail that was not recorded as delivered is found by a search.
async fn is_found(mut welcome: Welcome) {
    assert_eq!(welcome.record()["state"], json!({"S": "in_progress"}));
    welcome.dynamo_db.set_down(false);
    welcome.store(event(&ann())).await;
    welcome.let_time_pass(Duration::from_mins(3));
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.received_once().method, "messages/search");
    assert_eq!(welcome.record()["state"], json!({"S": "delivered"}));
}

#[tokio::test]
async fn unrecorded_queued_delivery_is_found_by_a_later_search() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    welcome.vendor.act_and_reply_next(slowly_sent());
    let message = welcome.sqs.receive(QUEUE, 1);
    let down = async {
        until_called(&welcome.vendor).await;
        welcome.dynamo_db.set_down(true);
    };
    let (kept, ()) = tokio::join!(welcome.sandbox.deliver(&message), down);
    assert!(kept.is_empty());
    welcome.sqs.delete(&message[0].receipt);
    is_found(welcome).await;
}

#[tokio::test]
async fn unrecorded_inline_delivery_is_found_by_a_later_search() {
    let mut welcome = Welcome::queued().await;
    welcome.sqs.set_max_message_bytes(1);
    welcome.vendor.act_and_reply_next(slowly_sent());
    let down = async {
        until_called(&welcome.vendor).await;
        welcome.dynamo_db.set_down(true);
    };
    let (answer, ()) = tokio::join!(welcome.sandbox.invoke(event(&ann())), down);
    assert_eq!(answer.row(), (200, "delivered"));
    welcome.sqs.set_max_message_bytes(1024 * 1024);
    is_found(welcome).await;
}
