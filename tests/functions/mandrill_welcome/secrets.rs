//! Secrets: rotation, missing secrets, and keys of the wrong type.

use std::time::Duration;

use fakes::{FakeMandrill, server::FakeReply};
use shared::secrets::LOOK_UP_PAUSE;
use tokio::time::{sleep, timeout};

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
};
use crate::common::{
    keys,
    ory::{FIRST, SECOND, ann, ann_before_save, ben, event, event_of},
    setup::{VENDOR_SECRET, Vendor, WEBHOOK_SECRET},
};

#[tokio::test]
async fn old_and_new_key_are_accepted_after_a_rotation() {
    keys::both_webhook_keys_pass_after_a_rotation(Welcome::start().await).await;
}

#[tokio::test]
async fn old_key_is_accepted_while_the_new_one_is_unusable() {
    let setup = Setup::new().await;
    setup.secrets.put(WEBHOOK_SECRET, "too-short");
    let mut welcome = setup.start().await;
    assert_eq!(welcome.call(event(&ann())).await.status, 200);
    assert_eq!(welcome.call(event(&ann()).header("authorization", "too-short")).await.status, 401);
}

#[tokio::test]
async fn secrets_are_fetched_at_startup_and_cached() {
    let mut welcome = Setup::new().await.var("SCREEN_REJECTS", "true").start().await;
    let before = welcome.secrets.fetches();
    assert!(before >= 2, "the caller's and Mandrill's");
    for ctx in [ann_before_save(), ann(), ben()] {
        welcome.call(event(&ctx)).await;
    }
    assert_eq!(welcome.secrets.fetches(), before);
}

#[tokio::test]
async fn secrets_manager_outage_does_not_stop_startup_and_is_retried_after_a_pause() {
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
async fn key_that_replaces_a_placeholder_is_used_within_the_pause() {
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
async fn secrets_manager_timeout_limits_the_delay_of_startup_and_callers() {
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
    let slow = mandrill_replies::row("sent", None);
    welcome.vendor.reply_next(FakeReply::After(Duration::from_millis(1100), Box::new(slow)));
    assert_eq!(welcome.call(event_of(FIRST, &ann())).await.row(), (200, "delivered"));
    welcome.received();
    welcome
}

#[tokio::test]
async fn expired_secret_is_refreshed() {
    let mut welcome = with_old_secrets().await;
    welcome.vendor.set_key("the-next-mandrill-key");
    welcome.secrets.put(VENDOR_SECRET, "the-next-mandrill-key");
    assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    assert_eq!(welcome.received_once().body["key"], "the-next-mandrill-key");
}

#[tokio::test]
async fn cached_secret_is_used_during_a_secrets_manager_outage() {
    let mut welcome = with_old_secrets().await;
    welcome.secrets.set_down(true);
    assert_eq!(welcome.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    assert!(welcome.end().await.contains("using the cached value"));
}

#[tokio::test]
async fn wrong_type_of_mandrill_key_is_logged_by_kind_and_its_value_redacted() {
    let table = [
        ("0123456789abcdef0123456789abcdef-us6", "a Mailchimp Marketing key"),
        ("ory_pat_0123456789abcdef", "an Ory token"),
        ("replace-me", "placeholder"),
        (r#"{"api_key":"replace-me"}"#, "placeholder"),
        (r#"{"api_key":"YOUR-MANDRILL-KEY"}"#, "placeholder"),
        (r#"{"write_key":"0123456789abcdef"}"#, "api_key"),
    ];
    keys::are_logged_by_kind(Setup::new, &table).await;
}

#[tokio::test]
async fn missing_mandrill_key_blocks() {
    keys::missing_vendor_key_blocks(Setup::new().await).await;
}
