//! Searching Mandrill for the in-doubt mail.

use fakes::{FakeMandrill, server::FakeReply};
use integration::Deployment;
use serde_json::json;
use time::OffsetDateTime;

use super::{
    MINUTE, SEARCH, SEND, age_of_mark, comes_to, delivered_in_vain, lost_without_a_word, methods,
    sent_without_a_word, stays,
};
use crate::{
    common::{
        event_log::{metrics, outcomes},
        ory::{ann, event},
        setup::{QUEUE, VENDOR_SECRET, Vendor},
        vendor_replies,
    },
    mandrill_welcome::{mandrill_replies, setup::Welcome, templates::FROM_THE_DOCUMENTS},
};

#[tokio::test]
async fn in_doubt_mail_is_found_after_two_minutes_and_not_resent() {
    let mut welcome = sent_without_a_word().await;
    welcome.let_time_pass(2 * MINUTE);
    comes_to(&mut welcome, &[SEARCH], "delivered").await;
    assert_eq!(welcome.record()["vendor_id"], json!({"S": format!("{:032x}", 1)}));
    welcome.store(event(&ann())).await;
    assert!(welcome.work().await.is_empty());
    assert!(welcome.received().is_empty());
    assert_eq!(outcomes(&welcome.end().await.deliveries()), ["in_doubt", "delivered", "duplicate"]);
}

/// A gateway that gave up, while the application behind it sent the mail.
#[tokio::test]
async fn in_doubt_mail_after_a_gateway_error_is_searched_for_and_not_resent() {
    for status in [502, 504] {
        let mut welcome = Welcome::queued().await;
        welcome.vendor.act_and_reply_next(vendor_replies::html(status));
        delivered_in_vain(&mut welcome).await;
        welcome.let_time_pass(3 * MINUTE);
        comes_to(&mut welcome, &[SEARCH], "delivered").await;
        assert_eq!(welcome.vendor.mails()["ann@example.com"], 1, "{status}");
    }
}

#[tokio::test]
async fn search_covers_the_recipient_from_the_day_before_the_call() {
    let mut welcome = sent_without_a_word().await;
    welcome.let_time_pass(3 * MINUTE);
    let day_before = OffsetDateTime::now_utc() - 3 * MINUTE - 1440 * MINUTE;
    assert!(welcome.work().await.is_empty());
    let search = welcome.received_once();
    let expected = json!({
        "key": FakeMandrill::KEY, "query": "\"ann@example.com\"", "limit": 1000,
        "date_from": day_before.date().to_string(),
    });
    assert_eq!((search.method.as_str(), search.body), (SEARCH, expected));
}

#[tokio::test]
async fn search_result_rejected_settles_the_in_doubt_mail() {
    let mut welcome = Welcome::queued().await;
    welcome.vendor.let_bounce("ann@example.com");
    welcome.vendor.act_and_reply_next(FakeReply::HangUp);
    delivered_in_vain(&mut welcome).await;
    welcome.let_time_pass(3 * MINUTE);
    comes_to(&mut welcome, &[SEARCH], "rejected").await;
    let line = welcome.end().await.deliveries().pop().unwrap();
    assert_eq!(metrics(&line), ["Rejected"].into());
}

#[tokio::test]
async fn in_doubt_search_is_retried_with_growing_backoff_while_the_index_may_lag() {
    let mut welcome = sent_without_a_word().await;
    welcome.vendor.set_index_behind(true);
    for (minutes, hidden) in [(2, 135), (3, 315), (5, 615), (10, 900), (9, 900)] {
        welcome.let_time_pass(minutes * MINUTE);
        stays(&mut welcome, &[SEARCH], hidden).await;
    }
    welcome.vendor.set_index_behind(false);
    welcome.sqs.make_visible(QUEUE);
    welcome.let_time_pass(MINUTE);
    comes_to(&mut welcome, &[SEARCH], "delivered").await;
}

#[tokio::test]
async fn search_respects_retry_after() {
    let mut welcome = lost_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    for (asked, seconds) in [("1800", 1800), ("60", 900), ("90000", 3600)] {
        welcome.vendor.reply_next(vendor_replies::with_header(429, "retry-after", asked));
        let wait = welcome.work_after(7).await.unwrap();
        assert!((seconds..=seconds + seconds / 2).contains(&wait), "{asked}: {wait} s");
        assert_eq!(methods(&welcome), [SEARCH], "{asked}");
        welcome.let_time_pass(MINUTE);
    }
}

/// Inconclusive responses to a search.
fn searches_that_fail() -> Vec<FakeReply> {
    let row = json!([{"_id": "m1", "state": "sent", "metadata": {"ory_key": "x"}}]).to_string();
    vec![
        mandrill_replies::error(500, "GeneralError"),
        vendor_replies::html(200),
        vendor_replies::html(502),
        FakeReply::text(200, "application/json", row[..row.len() / 2].to_owned()),
        FakeReply::text(200, "application/json", ""),
        mandrill_replies::rows(&json!({"a": "surprise"})),
        vendor_replies::with_header(429, "retry-after", "60"),
        FakeReply::HangUp,
    ]
}

#[tokio::test]
async fn failed_search_keeps_the_mail_in_doubt() {
    let mut welcome = lost_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    for reply in searches_that_fail() {
        welcome.vendor.reply_next(reply);
        stays(&mut welcome, &[SEARCH], 900).await;
        welcome.let_time_pass(MINUTE);
    }
    comes_to(&mut welcome, &[SEARCH, SEND], "delivered").await;
    let deliveries = welcome.end().await.deliveries();
    for line in &deliveries[1..deliveries.len() - 1] {
        assert_eq!((&line["outcome"], line.get("calls")), (&json!("in_doubt"), None));
    }
}

#[tokio::test]
async fn blocked_search_delays_redelivery_and_sends_nothing() {
    let mut welcome = sent_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    welcome.vendor.reply_next(mandrill_replies::error(402, "PaymentRequired"));
    assert_eq!(welcome.work_after(7).await, Some(900));
    assert_eq!(methods(&welcome), [SEARCH]);
    assert!(age_of_mark(&welcome) >= 31 * 60, "nobody knows more than before");
    welcome.sqs.make_visible(QUEUE);
    comes_to(&mut welcome, &[SEARCH], "delivered").await;
}

#[tokio::test]
async fn rotated_key_is_refreshed_for_the_search() {
    let mut welcome = sent_without_a_word().await;
    welcome.vendor.set_key("the-next-mandrill-key");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    welcome.let_time_pass(3 * MINUTE);
    comes_to(&mut welcome, &[SEARCH, SEARCH], "delivered").await;
}

#[tokio::test]
async fn changed_template_does_not_hide_the_in_doubt_mail() {
    let mut welcome = sent_without_a_word().await;
    let other_words = FROM_THE_DOCUMENTS.replace("happy hacking", "a good time");
    welcome.sandbox.deploy(|it: Deployment| it.template("TEMPLATE", &other_words)).await;
    welcome.let_time_pass(3 * MINUTE);
    comes_to(&mut welcome, &[SEARCH], "delivered").await;
}
