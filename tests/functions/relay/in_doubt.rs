//! Calls of which nobody knows whether they went out: repeated or held, as the preset says.

use std::time::Duration;

use fakes::{FakeRelayed, server::FakeReply};
use serde_json::json;
use shared::message::with_not_sent_before;
use time::OffsetDateTime;

use super::setup::{queued, setup};
use crate::common::{
    ory::{FIRST, ann, event_of},
    setup::{QUEUE, Running, Setup},
};

/// The longest wait before the next attempt.
const BACKOFF: Duration = Duration::from_mins(15);

/// Longer than a lease, and too short for the word of an operator to be about the call.
const LEASE: Duration = Duration::from_secs(29);

async fn held() -> Setup<FakeRelayed> {
    queued().await.with_table().var("ON_IN_DOUBT", "hold")
}

#[tokio::test]
async fn preset_that_repeats_makes_the_call_again() {
    let mut relay = queued().await.start().await;
    relay.call(event_of(FIRST, &ann())).await;
    relay.vendor.reply_next(FakeReply::HangUp);
    assert_eq!(relay.work().await.len(), 1, "it stays in the queue");
    relay.let_time_pass(BACKOFF);
    assert!(relay.work().await.is_empty());
    assert_eq!(relay.received().len(), 2);
}

#[tokio::test]
async fn preset_that_holds_makes_no_second_call() {
    let mut relay = held().await.start().await;
    relay.call(event_of(FIRST, &ann())).await;
    relay.vendor.reply_next(FakeReply::HangUp);
    for _ in 0..3 {
        assert_eq!(relay.work().await.len(), 1, "it stays in the queue");
        relay.let_time_pass(BACKOFF);
    }
    assert_eq!(relay.received().len(), 1);
    let lines = relay.end().await.deliveries();
    assert!(lines.iter().all(|line| line["InDoubt"] == json!(1.0)), "{lines:#?}");
}

#[tokio::test]
async fn delivered_event_of_a_preset_that_holds_is_not_sent_again() {
    let mut relay = held().await.start().await;
    for _ in 0..2 {
        relay.call(event_of(FIRST, &ann())).await;
    }
    assert!(relay.work().await.is_empty());
    assert_eq!(relay.received().len(), 1);
}

#[tokio::test]
async fn call_that_surely_did_not_go_out_is_not_held() {
    let mut relay = held().await.start().await;
    relay.call(event_of(FIRST, &ann())).await;
    relay.vendor.reply_next(FakeReply::json(503, &json!({})));
    assert_eq!(relay.work().await.len(), 1);
    relay.let_time_pass(BACKOFF);
    assert!(relay.work().await.is_empty());
    assert_eq!(relay.received().len(), 2);
}

/// Inline the caller tries again within seconds: the second attempt must not send either.
#[tokio::test]
async fn held_event_is_not_sent_by_a_repeat_of_the_caller() {
    let mut relay = setup().await.var("ON_IN_DOUBT", "hold").start().await;
    relay.vendor.reply_next(FakeReply::HangUp);
    for _ in 0..2 {
        assert_eq!(relay.call(event_of(FIRST, &ann())).await.status, 503);
    }
    assert_eq!(relay.received().len(), 1);
}

/// Redrives the event as `ory-actions dead-letters redrive --not-sent` does.
fn redrive_as_not_sent(relay: &Running<FakeRelayed>) {
    let dead = relay.stored_once();
    let body = with_not_sent_before(&dead.body, OffsetDateTime::now_utc()).unwrap();
    for message in relay.sqs.receive(QUEUE, 1) {
        relay.sqs.delete(&message.receipt);
    }
    relay.sqs.put(QUEUE, &body);
}

#[tokio::test]
async fn held_event_of_which_nothing_arrived_is_sent_when_it_is_redriven() {
    let mut relay = held().await.start().await;
    relay.call(event_of(FIRST, &ann())).await;
    relay.vendor.reply_next(FakeReply::HangUp);
    relay.work().await;
    relay.let_time_pass(BACKOFF);
    redrive_as_not_sent(&relay);
    assert!(relay.work().await.is_empty());
    assert_eq!(relay.received().len(), 2);
    // A copy that SQS delivers twice.
    relay.call(event_of(FIRST, &ann())).await;
    assert!(relay.work().await.is_empty());
    assert!(relay.received().is_empty());
}

#[tokio::test]
async fn call_in_doubt_after_a_redrive_is_held_until_the_next_word() {
    let mut relay = held().await.start().await;
    relay.call(event_of(FIRST, &ann())).await;
    relay.vendor.reply_next(FakeReply::HangUp);
    relay.work().await;
    relay.let_time_pass(BACKOFF);
    redrive_as_not_sent(&relay);
    relay.vendor.reply_next(FakeReply::HangUp);
    for _ in 0..2 {
        assert_eq!(relay.work().await.len(), 1, "it stays in the queue");
        relay.let_time_pass(LEASE);
    }
    assert_eq!(relay.received().len(), 2, "the word is about the first call only");
    relay.let_time_pass(BACKOFF);
    redrive_as_not_sent(&relay);
    assert!(relay.work().await.is_empty());
    assert_eq!(relay.received().len(), 1);
}
