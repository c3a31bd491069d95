//! Secrets: rotation, missing secrets, and keys of the wrong type.

use fakes::FakeSegment;
use serde_json::json;

use super::setup::{setup, start};
use crate::common::{
    keys,
    ory::{ann, event},
    segment_replies,
    setup::{Running, VENDOR_SECRET, Vendor, message_id},
    vendor_replies,
};

const NEXT_KEY: &str = "the-next-segment-key";

#[tokio::test]
async fn both_webhook_keys_are_accepted_after_a_rotation() {
    keys::both_webhook_keys_pass_after_a_rotation(start().await).await;
}

#[tokio::test]
async fn secrets_are_fetched_at_startup_and_cached() {
    let mut identify = start().await;
    let before = identify.secrets.fetches();
    assert_eq!(before, 2, "the caller's and Segment's");
    for _ in 0..3 {
        identify.call(event(&ann())).await;
    }
    assert_eq!(identify.secrets.fetches(), before);
}

/// The write keys of the calls since the last look.
fn write_keys(identify: &Running<FakeSegment>) -> Vec<String> {
    identify.received().into_iter().filter_map(|call| call.write_key).collect()
}

#[tokio::test]
async fn rotated_key_is_refreshed_and_the_call_retried_once() {
    let mut identify = start().await;
    identify.vendor.set_write_key(NEXT_KEY);
    identify.secrets.put(VENDOR_SECRET, &json!({"write_key": NEXT_KEY}).to_string());
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(write_keys(&identify), [FakeSegment::KEY, NEXT_KEY]);
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(write_keys(&identify), [NEXT_KEY], "the fresh key is kept");
}

#[tokio::test]
async fn key_refused_twice_blocks() {
    let mut identify = start().await;
    let refusals = [
        segment_replies::bad_key(400),
        segment_replies::bad_key(200),
        segment_replies::refused(401),
        vendor_replies::html(403),
    ];
    for refusal in refusals {
        let fetches = identify.secrets.fetches();
        for _ in 0..2 {
            identify.vendor.reply_next(refusal.clone());
        }
        assert_eq!(identify.call(event(&ann())).await.message(), ("#/", 8_100_503));
        let calls = identify.received();
        assert_eq!(calls.len(), 2, "{refusal:?}");
        assert_eq!(message_id(&calls[0]), message_id(&calls[1]), "{refusal:?}");
        assert_eq!(identify.secrets.fetches(), fetches + 1, "{refusal:?}");
    }
    for line in identify.end().await.event_log() {
        assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
    }
}

#[tokio::test]
async fn wrong_type_of_segment_key_is_logged_by_kind_and_its_value_redacted() {
    let table = [
        ("0123456789abcdef0123456789abcdef-us6", "a Mailchimp Marketing key"),
        ("md-0123456789abcdef012345", "a Mandrill key"),
        (r#"{"write_key":"md-0123456789abcdef012345"}"#, "a Mandrill key"),
        ("ory_pat_0123456789abcdef", "an Ory token"),
        ("replace-me", "placeholder"),
        (r#"{"write_key":"replace-me"}"#, "placeholder"),
        (r#"{"write_key":"YOUR-SEGMENT-WRITE-KEY"}"#, "placeholder"),
        (r#"{"api_key":"0123456789abcdef"}"#, "write_key"),
        (r#"{"write_key":""}"#, "write_key"),
    ];
    keys::are_logged_by_kind(setup, &table).await;
}

#[tokio::test]
async fn missing_segment_key_blocks() {
    keys::missing_vendor_key_blocks(setup().await).await;
}
