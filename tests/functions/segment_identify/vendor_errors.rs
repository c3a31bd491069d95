//! Errors of Segment and of the connection to it.

use fakes::{FakeSegment, server::FakeReply};
use serde_json::json;

use super::setup::{setup, start};
use crate::common::{
    ory::{ann, event, event_of},
    segment_replies,
    setup::{Running, message_id, side_by_side},
    vendor_errors, vendor_replies,
};

/// Answers to the calls for one event, and the outcome that they come to.
type Case = (Vec<FakeReply>, &'static str);

fn three(reply: FakeReply) -> Vec<FakeReply> {
    vec![reply.clone(), reply.clone(), reply]
}

fn errors() -> Vec<Case> {
    vec![
        (three(segment_replies::refused(500)), "try_later"),
        (three(vendor_replies::html(502)), "try_later"),
        (three(segment_replies::text(503, r#"{"success":true}"#)), "try_later"),
        (three(vendor_replies::html(408)), "try_later"),
        (three(vendor_replies::html(410)), "try_later"),
        (three(vendor_replies::with_header(429, "x-nothing", "said")), "try_later"),
        (vec![vendor_replies::with_header(429, "retry-after", "600")], "try_later"),
        (vec![vendor_replies::with_header(429, "x-ratelimit-reset", "600")], "try_later"),
        (vec![vendor_replies::with_header(503, "retry-after", "600")], "try_later"),
        (vec![segment_replies::refused(400)], "blocked"),
        (vec![vendor_replies::html(404)], "blocked"),
        (vec![vendor_replies::html(413)], "blocked"),
        (vec![vendor_replies::html(501)], "blocked"),
    ]
}

fn successes_that_are_none() -> Vec<Case> {
    let oversize = format!(r#"{{"success":true,"more":"{}"}}"#, "x".repeat(1024 * 1024));
    vec![
        (vec![segment_replies::refused(200)], "blocked"),
        (three(segment_replies::text(200, r#"{"success":tr"#)), "in_doubt"),
        (three(segment_replies::text(200, "")), "in_doubt"),
        (three(segment_replies::text(200, "{}")), "in_doubt"),
        (three(segment_replies::text(200, oversize)), "in_doubt"),
        (three(vendor_replies::html(200)), "in_doubt"),
        (three(segment_replies::text(204, "")), "in_doubt"),
    ]
}

/// Answers to one event's calls, of which the last is a success.
fn successes_in_the_end() -> Vec<Case> {
    let silence = || vec![FakeReply::HangUp];
    vec![
        (silence(), "delivered"),
        ([silence(), silence()].concat(), "delivered"),
        ([silence(), vec![vendor_replies::html(502)]].concat(), "delivered"),
        (vec![segment_replies::refused(500), FakeReply::HangUp], "delivered"),
        (vec![segment_replies::text(200, r#"{"success":tr"#)], "delivered"),
        (vec![vendor_replies::with_header(429, "retry-after", "0")], "delivered"),
    ]
}

/// Checks that all of an event's calls are the same to Segment.
fn are_the_same(identify: &Running<FakeSegment>, calls: usize, context: &str) {
    let received = identify.received();
    assert_eq!(received.len(), calls, "{context}");
    for call in &received {
        assert_eq!(message_id(call), message_id(&received[0]), "{context}");
        assert_eq!(call.body["timestamp"], received[0].body["timestamp"], "{context}");
        assert!(call.body["sentAt"].is_string(), "{context}");
    }
}

/// Plays a case, and then Ory's next attempt at the same event.
async fn play(_: usize, (replies, outcome): Case) {
    let context = format!("{replies:.300?}");
    let mut identify = start().await;
    let calls = replies.len();
    for reply in replies {
        identify.vendor.reply_next(reply);
    }
    let answer = identify.call(event(&ann())).await;
    let calls = if outcome == "delivered" {
        assert_eq!(answer.row(), (200, "delivered"), "{context}");
        calls + 1
    } else {
        assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)), "{context}");
        calls
    };
    are_the_same(&identify, calls, &context);
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"), "again: {context}");
    assert_eq!(identify.received().len(), 1, "again: {context}");
    let event_log = identify.end().await.event_log();
    assert_eq!(
        (&event_log[0]["outcome"], &event_log[0]["calls"]),
        (&json!(outcome), &json!(calls))
    );
}

#[tokio::test]
async fn segment_error_is_retried_three_times_at_most() {
    side_by_side(errors(), play).await;
}

#[tokio::test]
async fn invalid_success_response_is_not_taken_for_success() {
    side_by_side(successes_that_are_none(), play).await;
}

#[tokio::test]
async fn timed_out_call_is_retried_three_times_at_most() {
    side_by_side([(three(FakeReply::HangUp), "in_doubt")], play).await;
}

#[tokio::test]
async fn failed_call_is_retried_until_it_succeeds() {
    side_by_side(successes_in_the_end(), play).await;
}

#[tokio::test]
async fn timed_out_call_is_retried() {
    let mut identify = setup().await.var("VENDOR_TIMEOUT_MS", "1000").start().await;
    identify.vendor.reply_next(vendor_replies::nothing());
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
    are_the_same(&identify, 2, "a silence");
}

#[tokio::test]
async fn kept_open_connection_makes_no_further_call() {
    let mut identify = start().await;
    let [first, second] = [1, 2].map(|n| format!("0000000{n}-2222-4222-8222-000000000004"));
    assert_eq!(identify.call(event_of(&first, &ann())).await.row(), (200, "delivered"));
    identify.received();
    for _ in 0..3 {
        identify.vendor.reply_next(FakeReply::HangUp);
    }
    assert_eq!(identify.call(event_of(&second, &ann())).await.status, 503);
    are_the_same(&identify, 3, "three hang-ups");
}

#[tokio::test]
async fn refused_connection_is_retried_and_reported_as_try_later() {
    vendor_errors::refused_connection_is_try_later_for_any_vendor(setup().await).await;
}

#[tokio::test]
async fn reset_connection_is_retried() {
    let mut identify = start().await;
    identify.vendor.set_resetting(true);
    assert_eq!(identify.call(event(&ann())).await.status, 503);
    identify.vendor.set_resetting(false);
    assert!(identify.received().is_empty());
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(identify.received().len(), 1);
    let event_log = identify.end().await.event_log();
    assert_eq!((&event_log[0]["outcome"], &event_log[0]["calls"]), (&json!("in_doubt"), &json!(3)));
}

#[tokio::test]
async fn redirect_is_not_followed() {
    vendor_errors::redirect_is_not_followed(start().await, "identify").await;
}
