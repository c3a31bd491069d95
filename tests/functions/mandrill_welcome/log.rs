//! What can be seen of a request, and what never can.

use std::collections::BTreeSet;

use integration::{Event, Log};
use ory_actions::server::Reply;
use serde_json::{Value, json};

use super::{
    mandrill_says,
    people::{ann, ann_before_save, ben, tester},
    setup::{FIRST, MANDRILL_SECRET, SECOND, Setup, WEBHOOK_SECRET, Welcome, event, event_of},
    templates::FROM_THE_DOCUMENTS,
};

fn metrics(line: &Value) -> BTreeSet<&str> {
    let described = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(described["Namespace"], "OryActions", "{line:#}");
    assert_eq!(described["Dimensions"], json!([["function"]]), "{line:#}");
    assert!(line["_aws"]["Timestamp"].is_i64(), "{line:#}");
    let names = described["Metrics"].as_array().unwrap().iter().map(|metric| {
        let name = metric["Name"].as_str().unwrap();
        let unit = if name == "VendorLatency" { "Milliseconds" } else { "Count" };
        assert_eq!(metric["Unit"], unit, "{line:#}");
        assert!(line[name].is_number(), "{line:#}");
        name
    });
    names.collect()
}

#[tokio::test]
async fn a_request_has_one_line_that_says_what_came_of_it() {
    let mut welcome = Welcome::start().await;
    welcome.call(event(&ann())).await;
    let line = welcome.end().await.only_line();
    let told = |name: &str| line[name].clone();
    assert_eq!(told("function"), "mandrill-welcome");
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
    let saved = |n: u8| event_of(&format!("0000000{n}-2222-4222-8222-000000000005"), &ann());
    let rejected = mandrill_says::row("rejected", Some("spam"));
    let blocked = mandrill_says::error(402, "PaymentRequired");
    let later = mandrill_says::with_header(429, "retry-after", "600");
    let table: [(Event, Option<Reply>, &str, &[&str]); 11] = [
        (good.clone().method("GET"), None, "method_not_allowed", &[]),
        (good.clone().body("x".repeat(600 * 1024)), None, "too_large", &[]),
        (good.clone().header("authorization", "x"), None, "unauthorized", &["Unauthorized"]),
        (good.body("{"), None, "malformed", &[]),
        (event(&ann_before_save()), None, "skipped", &["Accepted", "Skipped"]),
        (saved(1), None, "delivered", &["Accepted", "Delivered", "VendorLatency"]),
        (saved(1), None, "duplicate", &["Accepted", "Duplicate"]),
        (saved(2), Some(rejected), "rejected", &["Accepted", "Rejected", "VendorLatency"]),
        (saved(3), Some(blocked), "blocked", &["Accepted", "Blocked", "VendorLatency"]),
        (saved(4), Some(later), "try_later", &["Accepted", "Retried", "VendorLatency"]),
        (saved(5), Some(Reply::HangUp), "unknown", &["Accepted", "Unknown", "VendorLatency"]),
    ];
    let mut welcome = Setup::new().await.template(FROM_THE_DOCUMENTS).start().await;
    for (event, reply, ..) in &table {
        if let Some(reply) = reply {
            welcome.mandrill.reply_next(reply.clone());
        }
        welcome.call(event.clone()).await;
    }
    let journal = welcome.end().await.journal();
    assert_eq!(journal.len(), table.len());
    for ((_, _, outcome, counted), line) in table.iter().zip(&journal) {
        assert_eq!(line["outcome"], *outcome);
        if counted.is_empty() {
            assert_eq!(line.get("_aws"), None, "{line:#}");
        } else {
            assert_eq!(metrics(line), counted.iter().copied().collect(), "{line:#}");
        }
    }
}

#[tokio::test]
async fn a_caller_s_secret_of_no_use_counts_as_blocked() {
    let mut welcome = Setup::new().await.var("WEBHOOK_SECRET_ID", "missing").start().await;
    welcome.call(event(&ann())).await;
    assert_eq!(metrics(&welcome.end().await.only_line()), ["Blocked"].into());
}

#[tokio::test]
async fn a_template_fault_is_counted() {
    let mut welcome = Setup::new().await.template("function(ctx) ctx.missing").start().await;
    welcome.call(event(&ann())).await;
    let line = welcome.end().await.only_line();
    assert_eq!(metrics(&line), ["Accepted", "TemplateFault"].into());
}

#[tokio::test]
async fn the_line_tells_what_stands_in_the_place_of_a_trigger_id() {
    let mut welcome = Welcome::start().await;
    let first = welcome.call(event(&ann()).without_trigger()).await;
    let second = welcome.call(event_of("no uuid", &ben())).await;
    for (line, answer) in welcome.end().await.journal().iter().zip([first, second]) {
        assert_eq!(line.get("trigger_id"), None);
        assert_eq!(line["key"], answer.body["id"]);
    }
}

#[tokio::test]
async fn a_cancelled_event_says_so() {
    let mut welcome = Welcome::start().await;
    welcome.call(event(&tester())).await;
    let line = welcome.end().await.only_line();
    assert_eq!((&line["outcome"], &line["cause"]), (&json!("skipped"), &json!("cancelled")));
}

#[tokio::test]
async fn at_a_quieter_level_the_metrics_remain() {
    let mut welcome = Setup::new().await.var("LOG_LEVEL", "error").start().await;
    welcome.call(event(&ann())).await;
    let log = welcome.end().await;
    assert!(log.journal().is_empty());
    let [line] = log.stdout.as_slice() else { panic!("not one line but {log:#?}") };
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(metrics(&line), ["Accepted", "Delivered", "VendorLatency"].into());
}

/// Stands in everything below that must never be seen.
const CANARY: &str = "canary";

/// Where requests come from, in the events' envelopes.
const IP: &str = "203.0.113.7";

/// A person whose every word is a canary, and whose template is to go wrong in this way.
fn canary(fault: &str) -> Value {
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

/// Goes wrong in the way that ctx asks for.
const FAULTY: &str = "
function(ctx)
  local name = ctx.identity.traits.name;
  local faults = {
    none: '',
    long: '',
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    type: name * 2,
    assertion: assert false : name; '',
    call: name(1),
    number: std.parseInt(name),
    json: std.parseJson(name),
    format: '%d' % name,
    bounds: [][std.length(name)],
    forever: std.foldl(function(a, b) a + b, std.range(1, 1e9), 0),
  };
  {
    message: {
      to: [{ email: std.trace(name, ctx.identity.traits.email) }],
      text: faults[ctx.transient_payload.fault],
      metadata: { a: if ctx.transient_payload.fault == 'long' then std.repeat(name, 20) },
    },
    idempotency_key: name,
  }
";

fn assert_silent(log: &Log) {
    for line in log.stdout.iter().chain(&log.stderr) {
        let line = line.to_ascii_lowercase();
        assert!(!line.contains(CANARY) && !line.contains(IP), "{line}");
    }
}

/// With canaries for keys, and everything logged that can be.
async fn setup() -> Setup {
    let setup = Setup::new().await.var("LOG_LEVEL", "trace").template(FAULTY);
    setup.secrets.put(WEBHOOK_SECRET, "canary-webhook-key");
    setup.secrets.put(MANDRILL_SECRET, "canary-mandrill-key");
    setup.mandrill.set_key("canary-mandrill-key");
    setup
}

fn canary_event(fault: &str) -> Event {
    let key = "canary-webhook-key";
    Event::of_ory(&canary(fault), "canary").header("authorization", key).cookie("canary=canary")
}

#[tokio::test]
async fn no_log_line_holds_what_a_template_saw() {
    let mut welcome = setup().await.start().await;
    let faults = [
        "none",
        "cancel",
        "explicit",
        "field",
        "type",
        "assertion",
        "call",
        "number",
        "json",
        "format",
        "bounds",
        "long",
        "canary",
        "forever",
        "none",
    ];
    for fault in faults {
        welcome.call(canary_event(fault)).await;
    }
    let log = welcome.end().await;
    assert_eq!(log.journal().len(), faults.len());
    assert!(log.stderr.is_empty(), "std.trace is discarded: {log:#?}");
    assert_silent(&log);
}

#[tokio::test]
async fn no_log_line_holds_what_mandrill_said() {
    let error = json!({"status": "error", "code": -1, "name": "Canary", "message": "canary"});
    let row = |status: &str| {
        mandrill_says::rows(&json!([{
            "email": "canary@example.com", "status": status, "_id": "canary",
            "reject_reason": "canary", "queued_reason": "canary",
        }]))
    };
    let replies = [
        Reply::json(400, &error),
        Reply::json(401, &error),
        Reply::text(404, "text/canary", "canary"),
        mandrill_says::with_header(302, "location", "https://example.com/canary"),
        mandrill_says::with_header(429, "retry-after", "canary"),
        row("rejected"),
        row("canary"),
        row("queued"),
    ];
    let mut welcome = setup().await.start().await;
    for (n, reply) in replies.into_iter().enumerate() {
        let mut event = canary("none");
        event["identity"]["traits"]["name"] = json!(format!("canary {n}"));
        let event = Event::of_ory(&event, SECOND).header("authorization", "canary-webhook-key");
        welcome.mandrill.reply_next(reply);
        welcome.call(event).await;
    }
    welcome.mandrill.set_resetting(true);
    welcome.call(canary_event("none")).await;
    assert_silent(&welcome.end().await);
}

#[tokio::test]
async fn no_log_line_holds_what_a_stranger_sent() {
    let mut welcome = setup().await.start().await;
    let good = canary_event("none");
    let strange = [
        good.clone().method("CANARY"),
        good.clone().header("authorization", "canary"),
        good.clone().header("authorization", "Basic Y2FuYXJ5OmNhbmFyeQ=="),
        good.clone().body("canary"),
        good.clone().body("{\"canary\": canary"),
        good.clone().marked_as_base64(),
        good.body("{\"identity\": \"canary\"}"),
    ];
    for event in strange {
        welcome.call(event).await;
    }
    welcome.call(json!({"canary": "canary"})).await;
    assert_silent(&welcome.end().await);
}

#[tokio::test]
async fn no_log_line_holds_a_key_or_a_screened_address() {
    let setup = setup().await.var("SCREEN_REJECTS", "true");
    setup.secrets.put("short", "canary");
    setup.secrets.put("marketing", "canary-us6");
    let with = setup.reply_template("function(ctx, outcome) error ctx.identity.traits.name");
    let mut welcome = with.start().await;
    welcome.mandrill.let_bounce("canary@example.com");
    let mut before_save = canary("none");
    before_save["hook"]["when"] = json!("before_save");
    for _ in 0..2 {
        let event =
            Event::of_ory(&before_save, FIRST).header("authorization", "canary-webhook-key");
        welcome.call(event).await;
        welcome.mandrill.reply_next(mandrill_says::rows(&json!([{"canary": "canary"}])));
    }
    welcome.secrets.set_down(true);
    welcome.call(canary_event("none").header("authorization", "canary")).await;
    assert_silent(&welcome.end().await);
}

#[tokio::test]
async fn no_log_line_holds_a_key_that_is_of_no_use() {
    for (variable, secret) in
        [("WEBHOOK_SECRET_ID", "canary"), ("MANDRILL_SECRET_ID", "canary-us6")]
    {
        let setup = setup().await;
        setup.secrets.put("unfit", secret);
        let mut welcome = setup.var(variable, "unfit").start().await;
        assert_eq!(welcome.call(canary_event("none")).await.status, 503);
        assert_silent(&welcome.end().await);
    }
}
