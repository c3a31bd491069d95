//! An event of a function URL.
//!
//! Checks: only a caller with the key is let in, and the body is unchanged and within the limit.
#![no_main]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use shared::{
    auth::{CallerAuth, Scheme},
    clock::SystemClock,
    envelope::{Authenticated, MAX_BODY_BYTES, WebhookRequest},
    secrets::{Cached, MemorySecrets, Ttl},
};
use tokio::runtime::{Builder, Runtime};

const KEY_NAME: &str = "x-key";
const KEY: &str = "a-webhook-key-of-ours";
const DAY: Duration = Duration::from_hours(24);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

static AUTH: LazyLock<CallerAuth> = LazyLock::new(|| {
    let secrets = MemorySecrets::default();
    secrets
        .put("webhook", &json!({"api_key": KEY, "username": "ory", "password": KEY}).to_string());
    let cached =
        Cached::both("webhook".to_owned(), Arc::new(secrets), Arc::new(SystemClock), Ttl(DAY));
    CallerAuth::new(cached, Scheme::Ory { api_key_name: KEY_NAME.to_owned() })
});

fn let_in(request: WebhookRequest) -> Option<Authenticated> {
    RUNTIME.block_on(AUTH.authenticate(request)).ok()
}

/// Whether any text of the event contains the key, plain or as the password of HTTP Basic.
fn holds_the_key(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let encoded = text.split_once(' ').map(|(_, encoded)| STANDARD.decode(encoded.trim()));
            let login = encoded.and_then(Result::ok).unwrap_or_default();
            text.contains(KEY) || String::from_utf8_lossy(&login).ends_with(KEY)
        }
        Value::Array(items) => items.iter().any(holds_the_key),
        Value::Object(fields) => fields.values().any(holds_the_key),
        _ => false,
    }
}

/// The same event from a caller with the key.
fn with_key(event: &Value) -> Option<Value> {
    let mut event = event.clone();
    let headers = event.get_mut("headers")?.as_object_mut()?;
    headers.retain(|name, _| !name.eq_ignore_ascii_case(KEY_NAME));
    headers.insert(KEY_NAME.to_owned(), json!(KEY));
    Some(event)
}

fuzz_target!(|event: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Value>(event) else { return };
    let Ok(request) = WebhookRequest::open(event.clone().into()) else { return };
    assert!(request.cookie(KEY_NAME).all(|value| !value.contains(';')));
    if let_in(request).is_some() {
        assert!(holds_the_key(&event), "an unauthenticated caller is let in");
    }
    let Some(event) = with_key(&event) else { return };
    let request = WebhookRequest::open(event.clone().into()).expect("the same event");
    let Ok(request) = request.within_size() else {
        return;
    };
    let body = let_in(request).expect("a caller with the key").into_body();
    let sent = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"] == true {
        assert_eq!(body.ok(), STANDARD.decode(sent).ok());
    } else {
        assert_eq!(body.as_deref(), Ok(sent.as_bytes()));
    }
    assert!(sent.len() <= MAX_BODY_BYTES || event["isBase64Encoded"] == true);
});
