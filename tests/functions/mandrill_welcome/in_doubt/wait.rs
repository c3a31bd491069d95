//! Waiting: at first no call is made, as the in-doubt call may still be running and a search would
//! find nothing.

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    MINUTE, SEARCH, SEND, age_of_mark, comes_to, die_sending, methods, sent_without_a_word, stays,
};
use crate::{
    common::{
        event_log::{metrics, outcomes},
        ory::{ann, event},
        setup::QUEUE,
        vendor_replies,
    },
    mandrill_welcome::{
        setup::{Setup, Welcome},
        templates::FROM_THE_DOCUMENTS,
    },
};

#[tokio::test]
async fn in_doubt_mail_waits_two_minutes_and_is_counted() {
    let welcome = sent_without_a_word().await;
    let record = welcome.record();
    assert_eq!(record["state"], json!({"S": "in_progress"}));
    assert!((0..30).contains(&age_of_mark(&welcome)));
    let [line] = welcome.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], line.get("vendor_status")), (&json!("in_doubt"), None));
    assert_eq!(metrics(&line), ["InDoubt", "VendorLatency"].into());
}

#[tokio::test]
async fn message_is_delayed_until_another_lease_ends() {
    let mut welcome = sent_without_a_word().await;
    welcome.sqs.make_visible(QUEUE);
    stays(&mut welcome, &[], 27).await;
}

#[tokio::test]
async fn in_doubt_mail_makes_no_call_within_two_minutes() {
    let mut welcome = sent_without_a_word().await;
    welcome.let_time_pass(MINUTE);
    stays(&mut welcome, &[], 60).await;
    welcome.let_time_pass(MINUTE / 2);
    stays(&mut welcome, &[], 30).await;
    let deliveries = welcome.end().await.deliveries();
    for line in &deliveries[1..] {
        assert_eq!((&line["outcome"], line.get("calls")), (&json!("in_doubt"), None));
        assert_eq!(metrics(line), ["InDoubt"].into());
    }
}

#[tokio::test]
async fn crash_between_call_and_record_leaves_lease_and_in_doubt_marker() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event(&ann())).await;
    welcome.vendor.act_and_reply_next(vendor_replies::nothing());
    assert_eq!(die_sending(&mut welcome).await, [SEND]);
    welcome.sqs.make_visible(QUEUE);
    stays(&mut welcome, &[], 27).await;
    welcome.let_time_pass(MINUTE);
    stays(&mut welcome, &[], 60).await;
    welcome.let_time_pass(MINUTE);
    comes_to(&mut welcome, &[SEARCH], "delivered").await;
}

#[tokio::test]
async fn inline_retry_neither_resends_nor_searches_an_in_doubt_mail_too_early() {
    let setup = Setup::new().await.with_table().template(FROM_THE_DOCUMENTS);
    let mut welcome = setup.start().await;
    welcome.vendor.act_and_reply_next(FakeReply::HangUp);
    let unfinished = ("#/", 8_100_503);
    assert_eq!(welcome.call(event(&ann())).await.message(), unfinished);
    assert_eq!(methods(&welcome), [SEND]);
    for _ in 0..2 {
        assert_eq!(welcome.call(event(&ann())).await.message(), unfinished);
        welcome.let_time_pass(MINUTE);
    }
    assert!(welcome.received().is_empty());
    welcome.let_time_pass(MINUTE);
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(methods(&welcome), [SEARCH]);
    let event_log = welcome.end().await.event_log();
    assert_eq!(outcomes(&event_log), ["in_doubt", "try_later", "in_doubt", "delivered"]);
}
