//! A body from Ory: decoded, sanitized, and its event id.
//!
//! Checks: sanitizing again changes nothing; cookies, credentials, forms and queries do not affect
//! the result; and an event survives the queue unchanged, with the same id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use shared::{
    ctx::{Ctx, SanitizedCtx},
    key::EventId,
    message::{Message, QueuedEvent},
};
use time::macros::datetime;

const NAME: &str = "mandrill-welcome";
const SECRET: &str = "what-nobody-may-see";

fuzz_target!(|body: &[u8]| {
    let Ok(ctx) = Ctx::decode(body) else { return };
    let event = ctx.sanitize();
    let key = EventId::of_event(None, event.as_value());
    assert!(!event.has_nil_id() || (event.is_before_save() && event.identity_id().is_none()));

    assert!(came_again(event.as_value()) == event, "sanitized twice");
    assert!(came_again(&with_secrets(event.as_value())) == event, "a secret is left");

    let message = Message::new(NAME, key.clone(), datetime!(2026-01-02 03:04:05 UTC), event);
    let enqueued = message.to_json().expect("JSON");
    let read = Message::<SanitizedCtx>::from_json(&enqueued, NAME).expect("a message of ours");
    assert!(read.event == message.event, "another event came out of the queue");
    assert_eq!(EventId::of_event(None, read.event.as_value()), key);
});

fn came_again(ctx: &Value) -> SanitizedCtx {
    let body = json!({ "ctx": ctx }).to_string();
    Ctx::decode(body.as_bytes()).expect("a ctx that was one").sanitize()
}

/// The ctx with everything that must be removed from it.
fn with_secrets(ctx: &Value) -> Value {
    let mut ctx = ctx.clone();
    for (place, names) in [
        ("", vec!["request_cookies"]),
        ("/request_headers", vec!["Cookie", "AUTHORIZATION", "x-session-token", "X-Api-Key"]),
        ("/session", vec!["tokenized"]),
        ("/session/identity", vec!["credentials"]),
        ("/identity", vec!["credentials"]),
        ("/flow", vec!["ui", "continue_with", "session_token_exchange_code"]),
        ("/flow", vec!["oauth2_login_challenge", "oauth2_login_request"]),
        ("/flow/identity", vec!["credentials"]),
    ] {
        if let Some(Value::Object(fields)) = ctx.pointer_mut(place) {
            fields
                .extend(names.iter().map(|name| ((*name).to_owned(), json!({ SECRET: [SECRET] }))));
        }
    }
    for url in
        ["/request_url", "/flow/request_url", "/flow/return_to", "/request_headers/Referer/0"]
    {
        ctx.pointer_mut(url).into_iter().for_each(add_to_query);
    }
    ctx
}

fn add_to_query(url: &mut Value) {
    if let Value::String(url) = url {
        let separator = if url.contains('?') { '&' } else { '?' };
        *url = format!("{url}{separator}token={SECRET}#{SECRET}");
    }
}
