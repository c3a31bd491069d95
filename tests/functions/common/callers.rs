//! Authentication of the functions that Ory calls.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE},
};
use integration::Event;
use serde_json::json;

use super::{
    ory::{FIRST, ann},
    setup::{Running, Setup, Vendor, WEBHOOK_SECRET},
};

const NAME: &str = "X-Webhook-Key";
const KEY: &str = "the-key-of-ory-s-webhooks";
const NEXT: &str = "the-next-key-of-ory-s-webhooks";
/// Its base64 has characters in which the two alphabets differ, and padding.
const PASSWORD: &str = "a-pass:word>~?>~?~?of-length";

/// With both kinds of credentials, of which the key is in a header of its own.
fn with_both<V: Vendor>(setup: Setup<V>) -> Setup<V> {
    let secret = json!({"api_key": KEY, "username": "ory", "password": PASSWORD});
    setup.secrets.put(WEBHOOK_SECRET, &secret.to_string());
    setup.var("WEBHOOK_API_KEY_NAME", NAME)
}

fn nobody() -> Event {
    Event::of_ory(&ann(), FIRST)
}

fn key(key: &str) -> Event {
    nobody().header(NAME, key)
}

fn cookie(value: &str) -> Event {
    nobody().cookie(&format!("{NAME}={value}"))
}

fn authorization(value: impl Into<String>) -> Event {
    nobody().header("authorization", value)
}

fn basic(login: impl AsRef<[u8]>) -> Event {
    authorization(format!("Basic {}", STANDARD.encode(login)))
}

/// By a table of all that a header, a cookie and Basic can be.
pub(crate) async fn are_accepted_or_rejected<V: Vendor>(setup: Setup<V>) {
    let login = format!("ory:{PASSWORD}");
    let encoded = STANDARD.encode(&login);
    let good = [
        key(KEY),
        cookie(KEY),
        nobody().header(&NAME.to_uppercase(), KEY),
        key(KEY).cookie(&format!("{NAME}=no")),
        cookie(KEY).header(NAME, "no"),
        cookie("no").cookie(&format!("{NAME}={KEY}")),
        cookie(&format!("no; {NAME}={KEY}")),
        basic(&login),
        authorization(format!("basic {encoded}")),
        authorization(format!("Basic   {encoded} ")),
        basic(&login).header(NAME, "no"),
        basic("no").header(NAME, KEY),
    ];
    let bad = [
        nobody(),
        key(""),
        key(&KEY.to_uppercase()),
        key(&format!("{KEY},{KEY}")),
        key(&format!("no, {KEY}")),
        key(&format!("\"{KEY}\"")),
        key(&format!("Bearer {KEY}")),
        key(&STANDARD.encode(KEY)),
        key(&format!("{KEY}é")),
        key(&"é".repeat(2000)),
        key(&KEY.repeat(400)),
        key(PASSWORD),
        cookie(""),
        cookie(&KEY.to_uppercase()),
        cookie(&format!("\"{KEY}\"")),
        cookie(&"x".repeat(9000)),
        nobody().cookie(&format!("{}={KEY}", NAME.to_uppercase())),
        nobody().cookie(KEY),
        authorization(KEY),
        authorization("Basic"),
        authorization(format!("Basic{encoded}")),
        authorization(format!("Basic {login}")),
        authorization(format!("Basic {}", URL_SAFE.encode(&login))),
        authorization(format!("Basic {}", STANDARD_NO_PAD.encode(&login))),
        authorization(format!("Basic {encoded},Basic {encoded}")),
        basic("ory"),
        basic(":"),
        basic("ory:"),
        basic(format!(":{PASSWORD}")),
        basic(format!("ory::{PASSWORD}")),
        basic(format!("ory:{}", PASSWORD.replace(':', ""))),
        basic(format!("Ory:{PASSWORD}")),
        basic(format!("ory:{KEY}")),
        basic(login.bytes().chain([0xe9]).collect::<Vec<_>>()),
        basic(login.repeat(400)),
    ];
    let mut running = with_both(setup).start().await;
    for (n, event) in good.into_iter().enumerate() {
        assert_eq!(running.call(event).await.status, 200, "good {n}");
    }
    running.received();
    for (n, event) in bad.into_iter().enumerate() {
        let answer = running.call(event).await;
        assert_eq!((answer.status, answer.message()), (401, ("#/", 8_100_401)), "bad {n}");
    }
    assert!(running.received().is_empty());
}

/// A rotation goes on while unauthenticated callers call: one look-up, and both versions pass.
pub(crate) async fn do_not_trigger_lookups_per_call<V: Vendor>(mut running: Running<V>) {
    let before = running.secrets.fetches();
    for n in 0..10 {
        let unauthenticated = authorization(format!("another-webhook-key-{n}"));
        assert_eq!(running.call(unauthenticated).await.status, 401);
    }
    assert_eq!(running.secrets.fetches(), before + 1);
    // Nor by presenting many at once, or of another kind.
    let many = basic("ory:another").header(NAME, "another").cookie("authorization=another");
    for _ in 0..10 {
        assert_eq!(running.call(many.clone()).await.status, 401);
    }
    assert_eq!(running.secrets.fetches(), before + 1);
    // The price: who comes with a key that was rotated in just now waits for the next look-up.
    running.secrets.put(WEBHOOK_SECRET, NEXT);
    assert_eq!(running.call(authorization(NEXT)).await.status, 401);
    assert_eq!(running.secrets.fetches(), before + 1);
}

/// Ory sends nothing twice in two ways, but somebody's proxy may.
pub(crate) async fn share_an_event_id_in_any_encoding<V: Vendor>(setup: Setup<V>) {
    let mut running = with_both(setup).start().await;
    let event = |body: &str| key(KEY).without_trigger().body(body);
    let plain = r#"{"flow":{"id":"f"},"identity":{"id":"i","traits":{"email":"test-ann@example.com","a":"b"}}}"#;
    let written = [
        r#"{"identity":{"traits":{"a":"b","email":"test-ann@example.com"},"id":"i"},"flow":{"id":"f"}}"#,
        "{\n \"flow\" : {\"id\":\"f\"},\r\n\t\"identity\":{\"id\":\"i\",\"traits\":{\"email\":\"test-\\u0061nn@example.com\",\"a\":\"b\"}}}",
        r#"{"ctx":{"flow":{"id":"f"},"identity":{"id":"i","traits":{"email":"test-ann@example.com","a":"b"}}}}"#,
        r#"{"flow":{"id":"f","ui":{"nodes":[]}},"identity":{"id":"i","traits":{"email":"test-ann@example.com","a":"b"}},"request_cookies":{"a":"b"}}"#,
    ];
    let others = [
        r#"{"flow":{"id":"f"},"identity":{"id":"i","traits":{"email":"test-ann@example.co","a":"mb"}}}"#,
        r#"{"flow":{"id":"f"},"identity":{"id":"i","traits":{"email":"test-ann@example.com","a":["b"]}}}"#,
        r#"{"flow":{"id":"g"},"identity":{"id":"i","traits":{"email":"test-ann@example.com","a":"b"}}}"#,
    ];
    let bodies = [&[plain][..], &written, &others].concat();
    for body in &bodies {
        running.call(event(body)).await;
        running.call(event(body).base64()).await;
    }
    let keys: Vec<_> =
        running.end().await.event_log().iter().map(|line| line["event_id"].clone()).collect();
    assert_eq!(keys.len(), 2 * bodies.len());
    for (n, key) in keys.iter().enumerate() {
        let is_the_same = n < 2 * (written.len() + 1);
        assert_eq!(*key == keys[0], is_the_same, "{}", bodies[n / 2]);
    }
}
