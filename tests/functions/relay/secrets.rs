//! Secrets: rotation, missing secrets, and keys of the wrong type.

use fakes::FakeRelayed;
use serde_json::json;

use super::setup::{setup, start};
use crate::common::{
    keys,
    ory::{ann, event},
    setup::{Running, VENDOR_SECRET, Vendor},
    vendor_replies,
};

const NEXT_TOKEN: &str = "the-next-relay-token";

#[tokio::test]
async fn both_webhook_keys_are_accepted_after_a_rotation() {
    keys::both_webhook_keys_pass_after_a_rotation(start().await).await;
}

fn tokens(relay: &Running<FakeRelayed>) -> Vec<String> {
    let token = |header: &str| header.trim_start_matches("Bearer ").to_owned();
    relay.received().iter().filter_map(|call| call.header("authorization").map(token)).collect()
}

#[tokio::test]
async fn rotated_token_is_refreshed_and_the_call_retried_once() {
    let mut relay = start().await;
    relay.vendor.set_key(NEXT_TOKEN);
    relay.secrets.put(VENDOR_SECRET, &json!({"token": NEXT_TOKEN}).to_string());
    assert_eq!(relay.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(tokens(&relay), [FakeRelayed::KEY, NEXT_TOKEN]);
    assert_eq!(relay.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(tokens(&relay), [NEXT_TOKEN], "the fresh token is kept");
}

#[tokio::test]
async fn token_refused_twice_blocks() {
    let mut relay = start().await;
    for status in [401, 403] {
        for _ in 0..2 {
            relay.vendor.reply_next(vendor_replies::html(status));
        }
        assert_eq!(relay.call(event(&ann())).await.status, 503, "{status}");
        assert_eq!(relay.received().len(), 2, "{status}");
    }
    for line in relay.end().await.event_log() {
        assert_eq!(line["outcome"], "blocked");
    }
}

#[tokio::test]
async fn unusable_secret_is_logged_by_kind_and_its_value_redacted() {
    let table = [
        ("replace-me", "placeholder"),
        (r#"{"token":"replace-me"}"#, "placeholder"),
        (r#"{"api_key":"0123456789abcdef"}"#, "token"),
        ("0123456789abcdef0123456789abcdef-us6", "a Mailchimp Marketing key"),
    ];
    keys::are_logged_by_kind(setup, &table).await;
}

#[tokio::test]
async fn secret_with_a_line_end_blocks_and_is_not_logged() {
    let relay = setup().await;
    relay.secrets.put(VENDOR_SECRET, &json!({"token": "hunter2\nhunter2"}).to_string());
    let mut relay = relay.start().await;
    assert_eq!(relay.call(event(&ann())).await.status, 503);
    assert!(relay.received().is_empty());
    let log = relay.end().await;
    assert_eq!(log.only_line()["outcome"], "blocked");
    assert!(!log.contains("hunter2"), "{log:#?}");
}

#[tokio::test]
async fn missing_secret_blocks() {
    keys::missing_vendor_key_blocks(setup().await).await;
}
