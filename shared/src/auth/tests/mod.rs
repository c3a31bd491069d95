mod look_ups;
mod strange;

use std::{sync::Arc, time::Duration};

use serde_json::json;
use time::macros::datetime;
use tokio::time::advance;

use super::*;
use crate::{
    clock::VirtualClock,
    secrets::{MemorySecrets, Ttl},
};

const KEY: &str = "a-key-of-decent-length";
const NEXT: &str = "the-next-key-of-decent-length";

fn auth(store: &Arc<MemorySecrets>, scheme: Scheme) -> CallerAuth {
    let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
    let ttl = Ttl(Duration::from_mins(5));
    CallerAuth::new(Cached::both("s".to_owned(), store.clone(), clock, ttl), scheme)
}

fn ory(name: &str) -> Scheme {
    Scheme::Ory { api_key_name: name.to_owned() }
}

fn request(headers: &serde_json::Value, cookies: &[String], query: &str) -> WebhookRequest {
    WebhookRequest::open(
        json!({
            "rawQueryString": query,
            "headers": headers,
            "cookies": cookies,
            "requestContext": {"http": {"method": "POST"}, "timeEpoch": 0},
            "isBase64Encoded": false,
        })
        .into(),
    )
    .unwrap()
}

fn header(name: &str, value: &str) -> WebhookRequest {
    request(&json!({name: value}), &[], "")
}

fn basic_header(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

async fn passes(auth: &CallerAuth, request: WebhookRequest) -> bool {
    match auth.authenticate(request).await {
        Ok(_) => true,
        Err(AuthError::Mismatch) => false,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn key_is_accepted_in_its_header_or_cookie_only() {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", &json!({"api_key": KEY}).to_string());
    let auth = auth(&store, ory("X-Webhook-Key"));
    let cookie = |value: &str| request(&json!({}), &[format!("X-Webhook-Key={value}")], "");
    assert!(passes(&auth, header("x-webhook-key", KEY)).await);
    assert!(passes(&auth, cookie(KEY)).await);
    assert!(
        passes(
            &auth,
            request(&json!({"X-Webhook-Key": "no"}), &[format!("X-Webhook-Key={KEY}")], "")
        )
        .await
    );
    assert!(!passes(&auth, cookie("wrong-wrong-wrong-wrong")).await);
    assert!(!passes(&auth, header("authorization", KEY)).await);
    assert!(!passes(&auth, header("x-webhook-key", "")).await);
    assert!(!passes(&auth, header("x-webhook-key", &format!("{KEY}x"))).await);
    assert!(!passes(&auth, request(&json!({}), &[], &format!("secret={KEY}"))).await);
}

#[tokio::test(start_paused = true)]
async fn basic_and_api_key_are_both_accepted() {
    let store = Arc::new(MemorySecrets::default());
    let both = json!({"api_key": KEY, "username": "ory", "password": "pass:word-with-a-colon"});
    store.put("s", &both.to_string());
    let auth = auth(&store, ory("Authorization"));
    assert!(passes(&auth, header("authorization", KEY)).await);
    let table = [
        (basic_header("ory:pass:word-with-a-colon"), true),
        (basic_header("ory:pass:word-with-a-colon").replace("Basic", "basic"), true),
        (basic_header("ory:pass"), false),
        (basic_header("other:pass:word-with-a-colon"), false),
        (basic_header("ory"), false),
        (basic_header(""), false),
        ("Basic".to_owned(), false),
        ("Basic ???".to_owned(), false),
        ("Basic /////w==".to_owned(), false),
        (format!("Bearer {KEY}"), false),
    ];
    for (value, pass) in table {
        assert_eq!(passes(&auth, header("authorization", &value)).await, pass, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn both_versions_are_accepted_during_a_rotation() {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", KEY);
    let auth = auth(&store, Scheme::Query);
    let query = |secret: &str| request(&json!({}), &[], &format!("secret={secret}"));
    assert!(passes(&auth, query(KEY)).await);
    store.put("s", NEXT);
    assert!(passes(&auth, query(NEXT)).await, "a mismatch looks for a rotation");
    assert!(passes(&auth, query(KEY)).await, "the previous version passes");
    store.put("s", "a-third-key-of-decent-length");
    advance(Duration::from_mins(5)).await;
    assert!(!passes(&auth, query(KEY)).await, "the version before the previous one is out");
}

#[tokio::test(start_paused = true)]
async fn wrong_keys_cause_one_secret_lookup_per_pause() {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", KEY);
    let auth = auth(&store, ory("Authorization"));
    for _ in 0..10 {
        assert!(!passes(&auth, header("authorization", "wrong-wrong-wrong-wrong")).await);
    }
    assert_eq!(store.fetches(), 2);
    advance(LOOK_UP_PAUSE).await;
    assert!(!passes(&auth, header("authorization", "wrong-wrong-wrong-wrong")).await);
    assert_eq!(store.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn placeholder_empty_or_short_secret_authenticates_no_caller() {
    let unfit = [
        "",
        "short",
        "replace-me",
        "YOUR-WEBHOOK-SECRET",
        "{}",
        r#"{"api_key":"fifteen-letters"}"#,
        r#"{"username":"YOUR-USER","password":"a-password-of-decent-length"}"#,
        r#"{"username":"ory","password":"YOUR-PASSWORD-OF-LENGTH"}"#,
    ];
    for secret in unfit {
        let store = Arc::new(MemorySecrets::default());
        store.put("s", secret);
        let auth = auth(&store, ory("Authorization"));
        for presented in [secret, "", "fifteen-letters", "replace-me"] {
            let answer = auth.authenticate(header("authorization", presented)).await;
            assert!(matches!(answer, Err(AuthError::Unusable)), "{secret}: {presented}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn unusable_version_is_ignored_beside_a_usable_one() {
    let store = Arc::new(MemorySecrets::default());
    store.put("s", "replace-me");
    store.put("s", KEY);
    let auth = auth(&store, ory("Authorization"));
    assert!(passes(&auth, header("authorization", KEY)).await);
    assert!(!passes(&auth, header("authorization", "replace-me")).await);
}

#[tokio::test(start_paused = true)]
async fn unreadable_secret_authenticates_no_caller() {
    let store = Arc::new(MemorySecrets::default());
    store.set_down(true);
    let auth = auth(&store, ory("Authorization"));
    let answer = auth.authenticate(header("authorization", KEY)).await;
    assert!(matches!(answer, Err(AuthError::Unreadable(_))));
}
