//! Calls of which nobody knows whether they went out: repeated or held, as the preset says.

use std::time::Duration;

use fakes::{FakeRelayed, server::FakeReply};
use serde_json::json;

use super::setup::{queued, setup};
use crate::common::{
    ory::{FIRST, ann, event_of},
    setup::Setup,
};

/// The longest wait before the next attempt.
const BACKOFF: Duration = Duration::from_mins(15);

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
