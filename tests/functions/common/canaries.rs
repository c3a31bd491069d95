//! Canaries: words that no line of a log may hold.

use integration::{Event, Log};
use serde_json::{Value, json};

use super::setup::{Running, Setup, VENDOR_SECRET, Vendor, WEBHOOK_SECRET};

/// Stands in everything that must never be seen.
pub(crate) const CANARY: &str = "canary";

/// Where requests come from, in the events' envelopes and in the forms.
const IP: &str = "203.0.113.7";

/// What the caller presents.
pub(crate) const WEBHOOK_KEY: &str = "canary-webhook-key";

pub(crate) fn assert_silent(log: &Log) {
    for line in log.stdout.iter().chain(&log.stderr) {
        let line = line.to_ascii_lowercase();
        assert!(!line.contains(CANARY) && !line.contains(IP), "{line}");
    }
}

/// The same with canaries for keys, and everything logged that can be.
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
pub(crate) async fn remain_unseen<V: Vendor>(running: Running<V>, calls: usize) {
    let log = running.end().await;
    assert_eq!(log.journal().len(), calls);
    assert!(log.stderr.is_empty(), "std.trace is discarded: {log:#?}");
    assert_silent(&log);
}

pub(crate) async fn of_strangers_remain_unseen<V: Vendor>(mut running: Running<V>) {
    let good = event("none");
    let strange = [
        good.clone().method("CANARY"),
        good.clone().query("secret=canary"),
        good.clone().header("authorization", "canary"),
        good.clone().header("authorization", "Basic Y2FuYXJ5OmNhbmFyeQ=="),
        good.clone().body("canary"),
        good.clone().body("{\"canary\": canary"),
        good.clone().marked_as_base64(),
        good.body("{\"identity\": \"canary\"}"),
    ];
    for event in strange {
        running.call(event).await;
    }
    running.call(json!({"canary": "canary"})).await;
    assert_silent(&running.end().await);
}

/// Each of these secrets is of no use in this variable.
pub(crate) async fn of_useless_keys_remain_unseen<V: Vendor>(
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
