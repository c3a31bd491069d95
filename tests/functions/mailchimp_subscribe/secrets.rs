//! Secrets: rotation, missing secrets, and keys of the wrong type.

use std::time::Duration;

use fakes::{FakeMailchimp, server::FakeReply};
use serde_json::json;
use shared::secrets::LOOK_UP_PAUSE;
use tokio::time::sleep;

use super::setup::{Setup, Subscribe, answered, opt_in_event, opting_in};
use crate::common::{
    keys,
    ory::{ann, event},
    setup::{VENDOR_SECRET, Vendor},
    vendor_replies,
};

const NEXT: &str = "fedcba9876543210fedcba9876543210-us6";

#[tokio::test]
async fn old_and_new_key_are_accepted_after_a_rotation() {
    keys::both_webhook_keys_pass_after_a_rotation(opting_in().await.start().await).await;
}

#[tokio::test]
async fn wrong_type_of_mailchimp_key_is_logged_by_kind_and_its_value_redacted() {
    let table = [
        ("md-0123456789abcdef", "a Mandrill key"),
        ("ory_pat_0123456789abcdef", "an Ory token"),
        ("0123456789abcdef", "no Mailchimp Marketing key"),
        ("0123456789abcdef-us6.evil.example", "no Mailchimp Marketing key"),
        ("replace-me", "placeholder"),
        (r#"{"api_key":"replace-me"}"#, "placeholder"),
        (r#"{"api_key":"YOUR-MAILCHIMP-KEY"}"#, "placeholder"),
        (r#"{"write_key":"0123456789abcdef"}"#, "api_key"),
    ];
    keys::are_logged_by_kind(opting_in, &table).await;
}

#[tokio::test]
async fn missing_mailchimp_key_blocks() {
    keys::missing_vendor_key_blocks(opting_in().await).await;
}

#[tokio::test]
async fn key_is_sent_as_the_password_of_basic_auth_and_nowhere_else() {
    let mut subscribe = Subscribe::start().await;
    assert_eq!(subscribe.call(opt_in_event(1)).await.row(), (200, "delivered"));
    for call in subscribe.received() {
        assert_eq!(call.key.as_deref(), Some(FakeMailchimp::KEY));
        let rest = format!("{} {:?} {}", call.path, call.query, call.body);
        assert!(!rest.contains(FakeMailchimp::KEY), "{rest}");
    }
}

/// In the same sandbox, which has held the placeholder since it started.
#[tokio::test]
async fn key_that_replaces_a_placeholder_is_used_within_the_pause() {
    let setup = opting_in().await;
    setup.secrets.put(VENDOR_SECRET, r#"{"api_key":"YOUR-MAILCHIMP-KEY"}"#);
    let mut subscribe = setup.start().await;
    assert_eq!(subscribe.call(event(&ann())).await.status, 503);
    subscribe.secrets.put(VENDOR_SECRET, FakeMailchimp::KEY);
    sleep(LOOK_UP_PAUSE).await;
    assert_eq!(subscribe.call(event(&ann())).await.row(), (200, "delivered"));
    assert_eq!(subscribe.sandbox.starts(), 1);
}

/// Whichever call is the first with the old key.
#[tokio::test]
async fn refused_key_is_refreshed_and_the_call_retried_once() {
    let mut subscribe = Setup::queued().await.start().await;
    subscribe.vendor.set_key(NEXT);
    subscribe.secrets.put(VENDOR_SECRET, NEXT);
    let fetches = subscribe.secrets.fetches();
    subscribe.store(opt_in_event(1)).await;
    assert!(subscribe.work().await.is_empty());
    let keys: Vec<_> = subscribe.received().into_iter().filter_map(|call| call.key).collect();
    assert_eq!(keys, [FakeMailchimp::KEY, NEXT, NEXT, NEXT]);

    // Between the read and the write.
    subscribe.answer_writes([answered(vendor_replies::html(401))]);
    subscribe.store(opt_in_event(2)).await;
    assert!(subscribe.work().await.is_empty());
    assert_eq!(subscribe.methods(), ["GET", "PUT", "PUT"]);
    assert_eq!(subscribe.secrets.fetches(), fetches + 2);
}

#[tokio::test]
async fn key_refused_twice_blocks() {
    let disabled = json!({"title": "User Disabled", "status": 403, "detail": "ann@example.com"});
    for refusal in [vendor_replies::html(401), FakeReply::json(403, &disabled)] {
        let mut subscribe = Subscribe::start().await;
        subscribe.answer_writes([answered(refusal.clone()), answered(refusal)]);
        assert_eq!(subscribe.call(opt_in_event(1)).await.status, 503);
        assert_eq!(subscribe.methods(), ["GET", "GET", "PUT", "PUT"]);
        let line = subscribe.end().await.only_line();
        assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
    }
}

#[tokio::test]
async fn secrets_are_fetched_at_startup_and_the_audience_is_read_once() {
    let mut subscribe = Subscribe::start().await;
    let fetches = subscribe.secrets.fetches();
    assert_eq!(fetches, 2, "the caller's and Mailchimp's");
    for n in 1..4 {
        assert_eq!(subscribe.call(opt_in_event(n)).await.row(), (200, "delivered"));
    }
    assert_eq!(subscribe.secrets.fetches(), fetches);
    let calls = subscribe.received();
    assert_eq!(calls.iter().filter(|call| !call.path.contains("members")).count(), 1);
}

/// Both are kept as long as `SECRET_TTL_SECONDS` says.
#[tokio::test]
async fn key_and_double_opt_in_are_read_again_after_their_time() {
    let mut subscribe = Setup::new().await.var("SECRET_TTL_SECONDS", "1").start().await;
    assert_eq!(subscribe.call(opt_in_event(1)).await.body["vendor"]["status"], "subscribed");
    subscribe.vendor.audience(|audience| audience.double_optin = true);
    subscribe.vendor.set_key(NEXT);
    subscribe.secrets.put(VENDOR_SECRET, NEXT);
    sleep(Duration::from_millis(1_100)).await;
    subscribe.received();
    assert_eq!(subscribe.call(opt_in_event(2)).await.body["vendor"]["status"], "pending");
    let calls = subscribe.received();
    assert!(calls.iter().all(|call| call.key.as_deref() == Some(NEXT)), "{calls:#?}");
}
