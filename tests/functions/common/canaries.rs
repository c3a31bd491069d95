//! Canaries: words that no log line may contain.

use std::{collections::BTreeSet, sync::OnceLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use integration::{Event, Log};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::setup::{Running, Setup, VENDOR_SECRET, Vendor, WEBHOOK_SECRET};

/// Part of everything that must never be logged.
pub(crate) const CANARY: &str = "canary";

/// Part of keys, cookies and credentials, which must not even be enqueued.
pub(crate) const SECRET: &str = "magpie";

/// Where requests come from, in the events' envelopes and in the forms.
pub(crate) const IP: &str = "203.0.113.7";

/// How many digits of a digest are enough to know what it was made of.
const DIGITS: usize = 16;

/// What the caller presents.
pub(crate) const WEBHOOK_KEY: &str = "canary-webhook-key";

pub(crate) fn assert_silent(log: &Log) {
    for line in log.stdout.iter().chain(&log.stderr) {
        assert_has_no_canary("a log", line);
    }
}

/// Checks that the text contains no canary in any encoding.
pub(crate) fn assert_has_no_canary(place: &str, text: &str) {
    static FORMS: OnceLock<BTreeSet<String>> = OnceLock::new();
    let forms = FORMS.get_or_init(|| [CANARY, SECRET, IP].into_iter().flat_map(forms).collect());
    let small = text.to_ascii_lowercase();
    let found: Vec<_> =
        forms.iter().filter(|form| text.contains(*form) || small.contains(*form)).collect();
    assert!(found.is_empty(), "{place} tells {found:?}: {text}");
}

/// Whether the text contains this canary in plain text.
pub(crate) fn has_canary(mark: &str, text: &str) -> bool {
    text.to_ascii_lowercase().contains(mark)
}

/// A canary in every encoding in which it may be written.
fn forms(mark: &str) -> Vec<String> {
    let capital = format!("{}{}", mark[..1].to_uppercase(), &mark[1..]);
    let mut forms = vec![mark.to_owned()];
    for word in [mark, &capital, &mark.to_uppercase()] {
        let bytes = word.bytes();
        forms.push(hex::encode(word));
        forms.push(bytes.clone().flat_map(|byte| ["%".to_owned(), hex::encode([byte])]).collect());
        forms.push(
            bytes.clone().flat_map(|byte| ["\\u00".to_owned(), hex::encode([byte])]).collect(),
        );
        forms.push(bytes.map(|byte| byte.to_string()).collect::<Vec<_>>().join(","));
        forms.push(hex::encode(Sha256::digest(word))[..DIGITS].to_owned());
        forms.extend((0..3).map(|before| within_base64(word, before)));
    }
    forms
}

/// The part of a base64 text that a word decides alone, after so many other bytes.
fn within_base64(word: &str, before: usize) -> String {
    let text = STANDARD.encode([vec![0; before], word.into()].concat());
    let (begins, ends) = ((before * 8).div_ceil(6), (before + word.len()) * 8 / 6);
    text[begins..ends].to_owned()
}

#[test]
fn canary_is_found_in_every_encoding() {
    let is_found =
        |text: &str| std::panic::catch_unwind(|| assert_has_no_canary("", text)).is_err();
    let json = json!({"email": "ann.canary@example.com"}).to_string();
    let encodings = [
        json.clone(),
        format!("x{}", STANDARD.encode(&json)),
        STANDARD.encode(format!("  {json}")),
        STANDARD.encode(format!(" {json}")),
        hex::encode(&json),
        "key=MAGPIE".to_owned(),
        "%63%61%6E%61%72%79".to_owned(),
        r"\u0063\u0061\u006E\u0061\u0072\u0079".to_owned(),
        format!("{:?}", "canary".as_bytes()).replace(' ', ""),
        hex::encode(Sha256::digest("203.0.113.7")),
        "Basic bWFncGllOm1hZ3BpZQ==".to_owned(),
    ];
    for text in &encodings {
        assert!(is_found(text), "{text}");
    }
    assert!(!is_found(
        r#"{"message":"request","event_id":"0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10"}"#
    ));
}

/// With canaries for keys, and everything logged that can be.
pub(crate) fn everywhere<V: Vendor>(setup: Setup<V>, template: &str) -> Setup<V> {
    let setup = setup.var("LOG_LEVEL", "trace").template(template);
    setup.secrets.put(WEBHOOK_SECRET, WEBHOOK_KEY);
    setup.secrets.put(VENDOR_SECRET, "canary-vendor-key");
    setup.vendor.set_key("canary-vendor-key");
    setup
}

/// What Ory tells of a person whose every word is a canary, and whose template is to go wrong in
/// this way.
pub(crate) fn person(fault: &str) -> Value {
    let email = "canary@example.com";
    json!({
        "flow": {
            "id": "canary", "type": "canary", "ui": {"action": "canary"},
            "request_url": "https://example.com/?canary&utm_source=canary",
            "transient_payload": {"fault": fault, "canary": "canary"},
        },
        "hook": {"flow": "registration", "method": "canary", "when": "after_save"},
        "identity": {
            "id": "00000001-1111-4111-8111-000000000001",
            "credentials": {"password": "canary"},
            "metadata_public": {"canary": "canary"},
            "traits": {"email": email, "name": "Canary canary"},
            "verifiable_addresses": [{"value": email, "via": "email"}],
        },
        "request_cookies": {"canary": "canary"},
        "request_headers": {"User-Agent": ["canary"], "Cookie": ["canary"], "True-Client-Ip": [IP]},
        "request_url": "https://example.com/canary",
    })
}

/// An event of Ory's, its Trigger-ID and its cookie canaries too.
pub(crate) fn event(fault: &str) -> Event {
    event_of(CANARY, &person(fault)).cookie("canary=canary")
}

pub(crate) fn event_of(trigger_id: &str, ctx: &Value) -> Event {
    Event::of_ory(ctx, trigger_id).header("authorization", WEBHOOK_KEY)
}

/// After everything that was called: one line for each, and silence.
pub(crate) async fn are_redacted<V: Vendor>(running: Running<V>, calls: usize) {
    let log = running.end().await;
    assert_eq!(log.event_log().len(), calls);
    assert!(log.stderr.is_empty(), "std.trace is discarded: {log:#?}");
    assert_silent(&log);
}

pub(crate) async fn of_unauthenticated_callers_are_redacted<V: Vendor>(mut running: Running<V>) {
    let good = event("none");
    let strange = [
        good.clone().method("CANARY"),
        good.clone().query("secret=canary"),
        good.clone().header("authorization", "canary"),
        good.clone().header("authorization", "Basic Y2FuYXJ5OmNhbmFyeQ=="),
        good.clone().body("canary"),
        good.clone().body("{\"canary\": canary"),
        good.clone().declared_base64(),
        good.body("{\"identity\": \"canary\"}"),
    ];
    for event in strange {
        running.call(event).await;
    }
    running.call(json!({"canary": "canary"})).await;
    assert_silent(&running.end().await);
}

/// Each of these secrets is unusable in this variable.
pub(crate) async fn of_unusable_keys_are_redacted<V: Vendor>(
    setup: impl AsyncFn() -> Setup<V>,
    event: &Event,
    table: &[(&str, &str)],
) {
    for (variable, secret) in table {
        let setup = setup().await;
        setup.secrets.put("unfit", secret);
        let mut running = setup.var(variable, "unfit").start().await;
        assert_eq!(running.call(event.clone()).await.status, 503, "{secret}");
        assert_silent(&running.end().await);
    }
}
