//! Keys and credentials: their rotation, their absence, and keys that are not the right ones.

use std::time::Duration;

use fakes::{FakeMandrill, server::Reply};
use shared::secrets::LOOK_UP_PAUSE;
use tokio::time::{sleep, timeout};

use super::{
    mandrill_says,
    setup::{Setup, Welcome},
};
use crate::common::{
    keys,
    ory::{FIRST, SECOND, ann, ann_before_save, ben, event, event_of},
    setup::{VENDOR_SECRET, Vendor, WEBHOOK_SECRET},
};

#[tokio::test]
async fn both_keys_pass_from_the_moment_of_a_rotation() {
    keys::both_of_the_caller_s_pass_from_a_rotation_on(Welcome::start().await).await;
}

#[tokio::test]
async fn the_old_key_still_passes_where_the_new_one_is_not_fit_for_use() {
    let setup = Setup::new().await;
    setup.secrets.put(WEBHOOK_SECRET, "too-short");
    let mut welcome = setup.start().await;
    assert_eq!(welcome.call(event(&ann())).await.status, 200);
    assert_eq!(welcome.call(event(&ann()).header("authorization", "too-short")).await.status, 401);
}

#[tokio::test]
async fn every_secret_is_fetched_while_the_sandbox_starts_and_then_kept() {
    let mut welcome = Setup::new().await.var("SCREEN_REJECTS", "true").start().await;
    let before = welcome.secrets.fetches();
    assert!(before >= 2, "the caller's and Mandrill's");
    for ctx in [ann_before_save(), ann(), ben()] {
        welcome.call(event(&ctx)).await;
    }
    assert_eq!(welcome.secrets.fetches(), before);
}

#[tokio::test]
async fn a_store_that_is_away_does_not_stop_the_start_and_is_tried_again_after_a_pause() {
    let setup = Setup::new().await;
    setup.secrets.set_down(true);
    let mut welcome = setup.start().await;
    for down in [true, false] {
        welcome.secrets.set_down(down);
        assert_eq!(welcome.call(event(&ann())).await.message(), ("#/", 8_100_502));
    }
    sleep(LOOK_UP_PAUSE).await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.sandbox.starts(), 1);
}

/// In the same sandbox, which has held the placeholder since it started.
#[tokio::test]
async fn a_key_that_is_filled_in_is_used_within_the_pause() {
    let setup = Setup::new().await;
    setup.secrets.put(VENDOR_SECRET, r#"{"api_key":"YOUR-MANDRILL-KEY"}"#);
    let mut welcome = setup.start().await;
    assert_eq!(welcome.call(event(&ann())).await.status, 503);
    welcome.secrets.put(VENDOR_SECRET, FakeMandrill::KEY);
    sleep(LOOK_UP_PAUSE).await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(welcome.sandbox.starts(), 1);
}

#[tokio::test]
async fn a_store_that_never_answers_holds_up_neither_the_start_nor_a_caller_for_long() {
    let setup = Setup::new().await;
    setup.secrets.set_delay(Duration::from_mins(10));
    let seconds = Duration::from_secs;
    let mut welcome = timeout(seconds(4), setup.start()).await.unwrap();
    let answered = timeout(seconds(4), welcome.call(event(&ann()))).await;
    assert_eq!(answered.unwrap().message(), ("#/", 8_100_502));
}

/// The function with secrets that have just grown old, during a call.
async fn with_old_secrets() -> Welcome {
    let mut welcome = Setup::new().await.var("SECRET_TTL_SECONDS", "1").start().await;
    let slow = mandrill_says::row("sent", None);
    welcome.vendor.reply_next(Reply::After(Duration::from_millis(1100), Box::new(slow)));
    assert_eq!(welcome.call(event_of(FIRST, &ann())).await.row(), (200, "delivered"));
    welcome.received();
    welcome
}

#[tokio::test]
async fn a_secret_is_fetched_anew_once_its_time_is_over() {
    let mut welcome = with_old_secrets().await;
    welcome.vendor.set_key("the-next-mandrill-key");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received_once().body["key"], "the-next-mandrill-key");
}

#[tokio::test]
async fn an_old_value_serves_on_while_the_store_is_away() {
    let mut welcome = with_old_secrets().await;
    welcome.secrets.set_down(true);
    assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    assert!(welcome.end().await.tells("using the cached value"));
}

#[tokio::test]
async fn a_key_that_cannot_be_mandrill_s_is_named_by_what_it_is_and_never_by_its_value() {
    let table = [
        ("0123456789abcdef0123456789abcdef-us6", "a Mailchimp Marketing key"),
        ("ory_pat_0123456789abcdef", "an Ory token"),
        ("replace-me", "placeholder"),
        (r#"{"api_key":"replace-me"}"#, "placeholder"),
        (r#"{"api_key":"YOUR-MANDRILL-KEY"}"#, "placeholder"),
        (r#"{"write_key":"0123456789abcdef"}"#, "api_key"),
    ];
    keys::are_named_by_what_they_are(Setup::new, &table).await;
}

#[tokio::test]
async fn a_missing_key_of_mandrill_s_blocks() {
    keys::a_missing_one_of_the_vendor_s_blocks(Setup::new().await).await;
}
