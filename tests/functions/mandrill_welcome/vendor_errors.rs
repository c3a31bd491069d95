//! Errors of Mandrill and of the connection to it.

use std::time::Duration;

use fakes::{FakeMandrill, server::FakeReply};
use serde_json::json;

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    ory::{ann, event, event_of},
    setup::{VENDOR_SECRET, Vendor, side_by_side},
    vendor_errors::{self, deaf},
    vendor_replies,
};

/// What our log calls a fault, and what it means for Ory's next attempt.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// Nothing was sent: the next attempt sends it.
    TryLater,
    /// Nothing was sent, and somebody must act: the next attempt sends it if they have.
    Blocked,
    /// It may have been sent: no attempt sends it again.
    InDoubt,
}

use Fault::{Blocked, InDoubt, TryLater};

impl Fault {
    fn word(self) -> &'static str {
        match self {
            TryLater => "try_later",
            Blocked => "blocked",
            InDoubt => "in_doubt",
        }
    }
}

/// Answers to calls, how many of them are asked for, and what they mean.
type Case = (Vec<FakeReply>, usize, Fault);

fn three(reply: FakeReply) -> Vec<FakeReply> {
    vec![reply.clone(), reply.clone(), reply]
}

fn errors() -> Vec<Case> {
    let named = |status, name| vec![mandrill_replies::error(status, name)];
    vec![
        (three(mandrill_replies::error(500, "GeneralError")), 3, TryLater),
        (three(mandrill_replies::error(503, "ServiceUnavailable")), 3, TryLater),
        (three(vendor_replies::html(503)), 3, TryLater),
        (three(vendor_replies::with_header(429, "x-nothing", "said")), 3, TryLater),
        (vec![vendor_replies::with_header(429, "retry-after", "600")], 1, TryLater),
        (named(402, "PaymentRequired"), 1, Blocked),
        (named(500, "PaymentRequired"), 1, Blocked),
        (named(404, "Unknown_Template"), 1, Blocked),
        (named(500, "Unknown_Template"), 1, Blocked),
        (named(404, "Unknown_Subaccount"), 1, Blocked),
        (named(400, "ValidationError"), 1, Blocked),
        (named(422, "A_New_Error"), 1, Blocked),
        (vec![vendor_replies::html(404)], 1, Blocked),
    ]
}

fn successes_that_are_none() -> Vec<Case> {
    let rejected = |reason| vec![mandrill_replies::row("rejected", Some(reason))];
    let one_row = json!([{"email": "ann@example.com", "status": "sent", "_id": "m1"}]).to_string();
    let truncated = &one_row[..one_row.len() / 2];
    let oversize = one_row.replace("m1", &"m".repeat(1024 * 1024));
    let two_rows = json!([{"status": "sent"}, {"status": "sent"}]);
    vec![
        (rejected("invalid-sender"), 1, Blocked),
        (rejected("unsigned"), 1, Blocked),
        (rejected("test-mode-limit"), 1, Blocked),
        (vec![mandrill_replies::row("a-new-status", None)], 1, InDoubt),
        (vec![mandrill_replies::rows(&json!([]))], 1, InDoubt),
        (vec![mandrill_replies::rows(&two_rows)], 1, InDoubt),
        (vec![vendor_replies::html(200)], 1, InDoubt),
        (vec![FakeReply::text(200, "application/json", "")], 1, InDoubt),
        (vec![FakeReply::text(200, "application/json", truncated.to_owned())], 1, InDoubt),
        (vec![FakeReply::text(200, "application/json", oversize)], 1, InDoubt),
    ]
}

/// A relay's word that the application behind it gave no answer, in HTML, in JSON or without any.
fn relays() -> Vec<Case> {
    let unnamed = r#"{"status":"error","message":"upstream"}"#;
    let relay = |status| {
        [
            vendor_replies::html(status),
            FakeReply::text(status, "text/html", ""),
            FakeReply::text(status, "application/json", unnamed),
        ]
    };
    [502, 504].into_iter().flat_map(relay).map(|reply| (vec![reply], 1, InDoubt)).collect()
}

fn silences() -> Vec<Case> {
    vec![(vec![FakeReply::HangUp], 1, InDoubt), (vec![vendor_replies::nothing()], 1, InDoubt)]
}

/// Plays each case to an event of its own, and then Ory's next attempt at the same event.
async fn play(vendor_timeout_ms: &str, cases: Vec<Case>) {
    let setup = Setup::new().await.template(FROM_THE_DOCUMENTS);
    let mut welcome = setup.var("VENDOR_TIMEOUT_MS", vendor_timeout_ms).start().await;
    for (n, (replies, calls, fault)) in cases.iter().cloned().enumerate() {
        let context = format!("{replies:.300?}");
        let event = event_of(&format!("{n:08}-2222-4222-8222-000000000003"), &ann());
        for reply in replies {
            welcome.vendor.reply_next(reply);
        }
        assert_eq!(welcome.call(event.clone()).await.message(), ("#/", 8_100_503), "{context}");
        assert_eq!(welcome.received().len(), calls, "{context}");
        let again = welcome.call(event).await;
        let (status, sent) = if fault == InDoubt { (503, 0) } else { (200, 1) };
        assert_eq!((again.status, welcome.received().len()), (status, sent), "again: {context}");
    }
    let event_log = welcome.end().await.event_log();
    for ((_, calls, fault), line) in cases.iter().zip(event_log.iter().step_by(2)) {
        assert_eq!(line["outcome"], fault.word(), "{line:#}");
        assert_eq!(line["calls"], *calls, "{line:#}");
    }
}

#[tokio::test]
async fn vendor_error_sends_nothing_and_releases_the_lease() {
    play("", errors()).await;
}

#[tokio::test]
async fn invalid_success_response_is_not_taken_for_success() {
    play("", successes_that_are_none()).await;
}

#[tokio::test]
async fn gateway_error_is_in_doubt_and_not_retried() {
    play("", relays()).await;
}

#[tokio::test]
async fn timed_out_call_is_in_doubt_and_not_retried() {
    play("1200", silences()).await;
}

#[tokio::test]
async fn refused_connection_is_retried_and_reported_as_try_later() {
    vendor_errors::refused_connection_is_try_later_for_any_vendor(Setup::new().await).await;
}

/// Whatever the time that a call has.
#[tokio::test]
async fn connect_timeout_is_retried_and_reported_as_try_later() {
    let (url, _listener, _waiting) = deaf("api/1.0").await;
    side_by_side(["1000", "2000", "3000", "15000"], move |_, vendor_timeout_ms| {
        let url = url.clone();
        async move {
            let setup = Setup::new().await.with_table().var("MANDRILL_URL", url);
            let setup = setup.var("VENDOR_TIMEOUT_MS", vendor_timeout_ms);
            let mut welcome = setup.start().await;
            // What is left for the third call is less than the longest time for connecting.
            welcome.dynamo_db.set_delay(Duration::from_millis(900));
            assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_503));
            let marker = welcome.record().get("in_doubt_since").cloned();
            assert_eq!(marker, None, "{vendor_timeout_ms}: it is in doubt");
            let line = welcome.end().await.only_line();
            assert_eq!(line["outcome"], "try_later", "{vendor_timeout_ms}: {line:#}");
        }
    })
    .await;
}

#[tokio::test]
async fn reset_after_connect_is_in_doubt() {
    let mut welcome = Welcome::start().await;
    welcome.vendor.set_resetting(true);
    assert_eq!(welcome.call(event(&ann())).await.status, 503);
    welcome.vendor.set_resetting(false);
    assert_eq!(welcome.call(event(&ann())).await.status, 503);
    assert!(welcome.received().is_empty());
    let event_log = welcome.end().await.event_log();
    assert_eq!((&event_log[0]["outcome"], &event_log[0]["calls"]), (&json!("in_doubt"), &json!(1)));
}

#[tokio::test]
async fn kept_open_connection_causes_no_second_call() {
    let mut welcome = Setup::new().await.template(FROM_THE_DOCUMENTS).start().await;
    let [first, second] = [1, 2].map(|n| format!("0000000{n}-2222-4222-8222-000000000004"));
    assert_eq!(welcome.call(event_of(&first, &ann())).await.row(), (200, "delivered"));
    welcome.received();
    welcome.vendor.reply_next(FakeReply::HangUp);
    assert_eq!(welcome.call(event_of(&second, &ann())).await.status, 503);
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn redirect_is_not_followed() {
    vendor_errors::redirect_is_not_followed(Welcome::start().await, "messages/send").await;
}

#[tokio::test]
async fn refused_key_is_refreshed_and_the_call_retried_once() {
    let mut welcome = Welcome::start().await;
    welcome.vendor.set_key("the-next-mandrill-key");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    let keys: Vec<_> = welcome.received().iter().map(|call| call.body["key"].clone()).collect();
    assert_eq!(keys, [FakeMandrill::KEY, "the-next-mandrill-key"]);
}

#[tokio::test]
async fn key_refused_twice_blocks() {
    let mut welcome = Welcome::start().await;
    welcome.vendor.set_key("a-key-that-we-do-not-have");
    let refusals = [None, Some(vendor_replies::html(401)), Some(vendor_replies::html(403))];
    for refusal in refusals {
        for reply in refusal.iter().flat_map(|reply| [reply, reply]) {
            welcome.vendor.reply_next(reply.clone());
        }
        assert_eq!(welcome.call(event(&ann())).await.status, 503);
        assert_eq!(welcome.received().len(), 2);
    }
    for line in welcome.end().await.event_log() {
        assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
    }
}

#[tokio::test]
async fn backlogged_mail_is_delivered_and_counted_for_the_alarm() {
    let mut welcome = Welcome::start().await;
    welcome.vendor.reply_next(mandrill_replies::rows(&json!([{
        "email": "ann@example.com", "status": "queued", "_id": "m1",
        "queued_reason": "hourly-quota-exhausted",
    }])));
    let answer = welcome.call(event(&ann())).await;
    assert_eq!(answer.row(), (200, "delivered"));
    assert_eq!(answer.body["vendor"], json!({"status": "queued", "message_id": "m1"}));
    let line = welcome.end().await.only_line();
    assert_eq!((&line["Delivered"], &line["Blocked"]), (&json!(1.0), &json!(1.0)));
    assert!(line["cause"].as_str().unwrap().contains("hourly-quota-exhausted"), "{line:#}");
}
