//! What can be seen of a request, and what never can.

use integration::{Event, Log};
use ory_actions::server::Reply;
use serde_json::{Value, json};

use super::{
    people::{ann, ann_before_save, tester},
    setup::{FIRST, SECOND, event, event_of, setup, start},
};
use crate::{
    beside_segment::{SEGMENT_SECRET, Setup, WEBHOOK_SECRET, metrics},
    segment_says,
};

#[tokio::test]
async fn a_request_has_one_line_that_says_what_came_of_it() {
    let mut identify = start().await;
    identify.call(event(&ann())).await;
    let line = identify.end().await.only_line();
    let told = |name: &str| line[name].clone();
    assert_eq!(told("function"), "segment-identify");
    assert_eq!((told("key"), told("trigger_id")), (json!(FIRST), json!(FIRST)));
    assert_eq!(told("identity_id"), ann()["identity"]["id"]);
    assert_eq!((told("outcome"), told("status")), (json!("delivered"), json!(200)));
    assert_eq!((told("vendor_status"), told("attempt")), (json!(200), json!(1)));
    assert!(told("duration_ms").is_u64());
    assert_eq!(metrics(&line), ["Accepted", "Delivered", "VendorLatency"].into());
}

#[tokio::test]
async fn every_request_has_exactly_one_line_with_its_outcome_and_metrics() {
    let good = event(&ann());
    let later = segment_says::with_header(429, "retry-after", "600");
    let table: [(Event, Vec<Reply>, &str, &[&str]); 9] = [
        (good.clone().method("GET"), vec![], "method_not_allowed", &[]),
        (good.clone().body("x".repeat(600 * 1024)), vec![], "too_large", &[]),
        (good.clone().header("authorization", "x"), vec![], "unauthorized", &["Unauthorized"]),
        (good.clone().body("{"), vec![], "malformed", &[]),
        (event(&ann_before_save()), vec![], "skipped", &["Accepted", "Skipped"]),
        (event(&tester()), vec![], "skipped", &["Accepted", "Skipped"]),
        (good.clone(), vec![later], "try_later", &["Accepted", "Retried", "VendorLatency"]),
        (
            good.clone(),
            vec![segment_says::refused(400)],
            "blocked",
            &["Accepted", "Blocked", "VendorLatency"],
        ),
        (good, vec![Reply::HangUp; 3], "unknown", &["Accepted", "Unknown", "VendorLatency"]),
    ];
    let mut identify = start().await;
    for (event, replies, ..) in &table {
        for reply in replies {
            identify.segment.reply_next(reply.clone());
        }
        identify.call(event.clone()).await;
    }
    let journal = identify.end().await.journal();
    assert_eq!(journal.len(), table.len());
    for ((_, _, outcome, counted), line) in table.iter().zip(&journal) {
        assert_eq!(line["outcome"], *outcome);
        assert_eq!(metrics(line), counted.iter().copied().collect(), "{line:#}");
    }
}

/// Stands in everything below that must never be seen.
const CANARY: &str = "canary";

/// Where requests come from, in the events' envelopes.
const IP: &str = "203.0.113.7";

/// A person whose every word is a canary, and whose template is to go wrong in this way.
fn canary(fault: &str) -> Value {
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
            "traits": {"email": "canary@example.com", "name": "Canary canary"},
        },
        "request_cookies": {"canary": "canary"},
        "request_headers": {"User-Agent": ["canary"], "Cookie": ["canary"], "True-Client-Ip": [IP]},
        "request_url": "https://example.com/canary",
    })
}

/// Goes wrong in the way that ctx asks for.
const FAULTY: &str = "
function(ctx)
  local name = ctx.identity.traits.name;
  local email = ctx.identity.traits.email;
  local faults = {
    none: { userId: email },
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    type: { type: name, userId: email },
    nobody: { traits: { name: name } },
    track: { type: 'track', userId: email, event: [name] },
    traits: { userId: email, traits: name },
    context: { userId: email, context: name },
    ours: { userId: email, writeKey: name },
    long: { userId: email, traits: { name: std.repeat(name, 3000) } },
  };
  faults[ctx.transient_payload.fault] + { traits+: std.trace(name, {}), idempotency_key: email }
";

fn assert_silent(log: &Log) {
    for line in log.stdout.iter().chain(&log.stderr) {
        let line = line.to_ascii_lowercase();
        assert!(!line.contains(CANARY) && !line.contains(IP), "{line}");
    }
}

/// With canaries for keys, and everything logged that can be.
async fn canaries() -> Setup {
    let setup = setup().await.var("LOG_LEVEL", "trace").template(FAULTY);
    setup.secrets.put(WEBHOOK_SECRET, "canary-webhook-key");
    setup.secrets.put(SEGMENT_SECRET, "canary-segment-key");
    setup.segment.set_write_key("canary-segment-key");
    setup
}

fn canary_event(fault: &str) -> Event {
    let key = "canary-webhook-key";
    Event::of_ory(&canary(fault), "canary").header("authorization", key).cookie("canary=canary")
}

#[tokio::test]
async fn no_log_line_holds_what_a_template_saw() {
    let table = [
        ("none", 200),
        ("cancel", 204),
        ("explicit", 422),
        ("field", 422),
        ("type", 422),
        ("nobody", 422),
        ("track", 422),
        ("traits", 422),
        ("context", 422),
        ("ours", 422),
        ("long", 503),
        ("canary", 422),
        ("none", 200),
    ];
    let mut identify = canaries().await.start().await;
    for (fault, status) in table {
        assert_eq!(identify.call(canary_event(fault)).await.status, status, "{fault}");
    }
    assert_eq!(identify.received().len(), 2);
    let log = identify.end().await;
    assert_eq!(log.journal().len(), table.len());
    assert!(log.stderr.is_empty(), "std.trace is discarded: {log:#?}");
    assert_silent(&log);
}

#[tokio::test]
async fn no_log_line_holds_what_segment_said() {
    let said = json!({"success": false, "message": "canary", "canary": "canary"});
    let bad_key = json!({"success": false, "message": "canary: an invalid write key was provided"});
    let replies = [
        Reply::json(400, &said),
        Reply::json(400, &bad_key),
        Reply::json(400, &bad_key),
        Reply::json(200, &said),
        Reply::text(404, "text/canary", "canary"),
        segment_says::with_header(302, "location", "https://example.com/canary"),
        segment_says::with_header(429, "retry-after", "600"),
        segment_says::text(200, r#"{"success":true,"canary":"canary"}"#),
        segment_says::with_header(429, "retry-after", "canary"),
        segment_says::text(200, r#"{"success":true,"canary"#),
    ];
    let mut identify = canaries().await.start().await;
    for reply in replies {
        identify.segment.reply_next(reply);
    }
    for n in 0..8 {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000005");
        let key = "canary-webhook-key";
        let event = event_of(&trigger_id, &canary("none")).header("authorization", key);
        identify.call(event).await;
    }
    assert_eq!(identify.received().len(), 11);
    identify.segment.reply_next(Reply::HangUp);
    identify.segment.set_resetting(true);
    assert_eq!(identify.call(canary_event("none")).await.status, 503);
    assert_silent(&identify.end().await);
}

#[tokio::test]
async fn no_log_line_holds_what_a_stranger_sent() {
    let mut identify = canaries().await.start().await;
    let good = canary_event("none");
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
        identify.call(event).await;
    }
    identify.call(json!({"canary": "canary"})).await;
    assert_silent(&identify.end().await);
}

#[tokio::test]
async fn no_log_line_holds_a_key_that_is_of_no_use() {
    for (variable, secret) in [
        ("WEBHOOK_SECRET_ID", "canary"),
        ("SEGMENT_SECRET_ID", "canary-us6"),
        ("SEGMENT_SECRET_ID", "md-canary"),
        ("SEGMENT_SECRET_ID", r#"{"canary":"canary"}"#),
    ] {
        let setup = canaries().await;
        setup.secrets.put("unfit", secret);
        let mut identify = setup.var(variable, "unfit").start().await;
        let event = event_of(SECOND, &canary("none")).header("authorization", "canary-webhook-key");
        assert_eq!(identify.call(event).await.status, 503, "{secret}");
        assert_silent(&identify.end().await);
    }
}
