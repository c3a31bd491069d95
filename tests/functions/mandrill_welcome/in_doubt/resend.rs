//! Resending: only a mail that is known to be lost is sent again.

use fakes::server::FakeReply;
use serde_json::json;

use super::{
    MINUTE, SEARCH, SEND, age_of_mark, comes_to, die_sending, is_about, lost_without_a_word,
    methods, stays,
};
use crate::{
    common::{
        ory::{FIRST, SECOND, ann, event, event_of},
        setup::QUEUE,
        vendor_replies,
    },
    mandrill_welcome::{mandrill_replies, setup::Welcome},
};

#[tokio::test]
async fn in_doubt_mail_not_found_after_thirty_minutes_is_resent_once() {
    let mut welcome = lost_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    comes_to(&mut welcome, &[SEARCH, SEND], "delivered").await;
    welcome.store(event(&ann())).await;
    assert!(welcome.work().await.is_empty());
    assert!(welcome.received().is_empty());
}

#[tokio::test]
async fn search_ignores_other_mails_to_the_same_or_other_recipients() {
    let mut welcome = Welcome::queued().await;
    assert_eq!(welcome.call(event_of(SECOND, &ann())).await.row(), (202, "accepted"));
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.mails(), 1);
    welcome.vendor.reply_next(FakeReply::HangUp);
    welcome.store(event_of(FIRST, &ann())).await;
    is_about(welcome.work_after(1).await, 120);
    welcome.received();
    welcome.let_time_pass(31 * MINUTE);
    assert!(welcome.work().await.is_empty());
    assert_eq!(methods(&welcome), [SEARCH, SEND]);
}

#[tokio::test]
async fn in_doubt_marker_is_renewed_before_the_mail_is_resent() {
    let mut welcome = lost_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    assert!(age_of_mark(&welcome) >= 31 * 60);
    welcome.vendor.reply_next(mandrill_replies::rows(&json!([])));
    welcome.vendor.reply_next(vendor_replies::nothing());
    assert_eq!(die_sending(&mut welcome).await, [SEARCH, SEND]);
    assert!((0..30).contains(&age_of_mark(&welcome)));
    // So the next one waits, and does not send at once because of the old in-doubt marker.
    welcome.let_time_pass(MINUTE);
    stays(&mut welcome, &[], 60).await;
}

#[tokio::test]
async fn resent_mail_that_times_out_is_in_doubt_again() {
    let mut welcome = lost_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    welcome.vendor.reply_next(mandrill_replies::rows(&json!([])));
    welcome.vendor.act_and_reply_next(FakeReply::HangUp);
    is_about(welcome.work_after(8).await, 120);
    assert_eq!(methods(&welcome), [SEARCH, SEND]);
    assert!((0..30).contains(&age_of_mark(&welcome)));
    welcome.let_time_pass(3 * MINUTE);
    comes_to(&mut welcome, &[SEARCH], "delivered").await;
}

#[tokio::test]
async fn resent_mail_that_is_try_later_releases_the_lease() {
    let mut welcome = lost_without_a_word().await;
    welcome.let_time_pass(31 * MINUTE);
    welcome.vendor.reply_next(mandrill_replies::rows(&json!([])));
    welcome.vendor.reply_next(mandrill_replies::error(500, "GeneralError"));
    let wait = welcome.work_after(5).await.unwrap();
    assert!((16..=32).contains(&wait), "{wait} s");
    assert_eq!(methods(&welcome), [SEARCH, SEND]);
    assert_eq!(welcome.record().get("in_doubt_since"), None);
    welcome.sqs.make_visible(QUEUE);
    comes_to(&mut welcome, &[SEND], "delivered").await;
}
