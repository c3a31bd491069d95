//! The event log: what it contains, and what is redacted.

use fakes::server::FakeReply;
use integration::Event;
use serde_json::{Value, json};

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    canaries, event_log,
    ory::{FIRST, SECOND, ann, ann_before_save, ben, event, event_of},
    vendor_replies,
};

#[tokio::test]
async fn request_log_entry_has_the_outcome() {
    event_log::has_the_outcome_of_an_ory_request(Welcome::start().await, "mandrill-welcome").await;
}

#[tokio::test]
async fn every_request_has_one_log_entry_with_outcome_and_metrics() {
    let good = event(&ann());
    let saved = |n: u8| event_of(&format!("0000000{n}-2222-4222-8222-000000000005"), &ann());
    let rejected = mandrill_replies::row("rejected", Some("spam"));
    let blocked = mandrill_replies::error(402, "PaymentRequired");
    let later = vendor_replies::with_header(429, "retry-after", "600");
    let table: [event_log::Case<'_>; 11] = [
        (good.clone().method("GET"), vec![], "method_not_allowed", &[]),
        (good.clone().body("x".repeat(600 * 1024)), vec![], "too_large", &[]),
        (good.clone().header("authorization", "x"), vec![], "unauthorized", &["Unauthorized"]),
        (good.body("{"), vec![], "malformed", &[]),
        (event(&ann_before_save()), vec![], "skipped", &["Received", "Skipped"]),
        (saved(1), vec![], "delivered", &["Received", "Delivered", "VendorLatency"]),
        (saved(1), vec![], "duplicate", &["Received", "Duplicate"]),
        (saved(2), vec![rejected], "rejected", &["Received", "Rejected", "VendorLatency"]),
        (saved(3), vec![blocked], "blocked", &["Received", "Blocked", "VendorLatency"]),
        (saved(4), vec![later], "try_later", &["Received", "Retried", "VendorLatency"]),
        (saved(5), vec![FakeReply::HangUp], "in_doubt", &["Received", "InDoubt", "VendorLatency"]),
    ];
    let welcome = Setup::new().await.template(FROM_THE_DOCUMENTS).start().await;
    event_log::has_one_log_entry_each(welcome, &table).await;
}

#[tokio::test]
async fn unusable_webhook_secret_counts_as_blocked() {
    let mut welcome = Setup::new().await.var("WEBHOOK_SECRET_ID", "missing").start().await;
    welcome.call(event(&ann())).await;
    assert_eq!(event_log::metrics(&welcome.end().await.only_line()), ["Blocked"].into());
}

#[tokio::test]
async fn template_fault_is_counted() {
    let mut welcome = Setup::new().await.template("function(ctx) ctx.missing").start().await;
    welcome.call(event(&ann())).await;
    let line = welcome.end().await.only_line();
    assert_eq!(event_log::metrics(&line), ["Received", "TemplateFault"].into());
}

#[tokio::test]
async fn log_entry_shows_the_fallback_for_a_missing_trigger_id() {
    let mut welcome = Welcome::start().await;
    let first = welcome.call(event(&ann()).without_trigger()).await;
    let second = welcome.call(event_of("no uuid", &ben())).await;
    for (line, answer) in welcome.end().await.event_log().iter().zip([first, second]) {
        assert_eq!(line.get("trigger_id"), None);
        assert_eq!(line["event_id"], answer.body["id"]);
    }
}

#[tokio::test]
async fn quieter_log_level_keeps_the_metrics() {
    let mut welcome = Setup::new().await.var("LOG_LEVEL", "error").start().await;
    welcome.call(event(&ann())).await;
    let log = welcome.end().await;
    assert!(log.event_log().is_empty());
    let [line] = log.stdout.as_slice() else { panic!("not one line but {log:#?}") };
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(event_log::metrics(&line), ["Received", "Delivered", "VendorLatency"].into());
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

/// With canaries wherever one can be.
async fn with_canaries() -> Setup {
    canaries::everywhere(Setup::new().await, FAULTY)
}

#[tokio::test]
async fn log_redacts_template_input() {
    let mut welcome = with_canaries().await.start().await;
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
        welcome.call(canaries::event(fault)).await;
    }
    canaries::are_redacted(welcome, faults.len()).await;
}

#[tokio::test]
async fn log_redacts_mandrill_responses() {
    let error = json!({"status": "error", "code": -1, "name": "Canary", "message": "canary"});
    let row = |status: &str| {
        mandrill_replies::rows(&json!([{
            "email": "canary@example.com", "status": status, "_id": "canary",
            "reject_reason": "canary", "queued_reason": "canary",
        }]))
    };
    let replies = [
        FakeReply::json(400, &error),
        FakeReply::json(401, &error),
        FakeReply::text(404, "text/canary", "canary"),
        vendor_replies::with_header(302, "location", "https://example.com/canary"),
        vendor_replies::with_header(429, "retry-after", "canary"),
        row("rejected"),
        row("canary"),
        row("queued"),
    ];
    let mut welcome = with_canaries().await.start().await;
    for (n, reply) in replies.into_iter().enumerate() {
        let mut event = canaries::person("none");
        event["identity"]["traits"]["name"] = json!(format!("canary {n}"));
        let event = Event::of_ory(&event, SECOND).header("authorization", "canary-webhook-key");
        welcome.vendor.reply_next(reply);
        welcome.call(event).await;
    }
    welcome.vendor.set_resetting(true);
    welcome.call(canaries::event("none")).await;
    canaries::assert_silent(&welcome.end().await);
}

#[tokio::test]
async fn log_redacts_unauthenticated_requests() {
    canaries::of_unauthenticated_callers_are_redacted(with_canaries().await.start().await).await;
}

#[tokio::test]
async fn log_redacts_keys_and_screened_addresses() {
    let setup = with_canaries().await.var("SCREEN_REJECTS", "true");
    setup.secrets.put("short", "canary");
    setup.secrets.put("marketing", "canary-us6");
    let with = setup.reply_template("function(ctx, outcome) error ctx.identity.traits.name");
    let mut welcome = with.start().await;
    welcome.vendor.let_bounce("canary@example.com");
    let mut before_save = canaries::person("none");
    before_save["hook"]["when"] = json!("before_save");
    for _ in 0..2 {
        let event =
            Event::of_ory(&before_save, FIRST).header("authorization", "canary-webhook-key");
        welcome.call(event).await;
        welcome.vendor.reply_next(mandrill_replies::rows(&json!([{"canary": "canary"}])));
    }
    welcome.secrets.set_down(true);
    welcome.call(canaries::event("none").header("authorization", "canary")).await;
    canaries::assert_silent(&welcome.end().await);
}

#[tokio::test]
async fn log_redacts_unusable_keys() {
    let table = [("WEBHOOK_SECRET_ID", "canary"), ("MANDRILL_SECRET_ID", "canary-us6")];
    let event = canaries::event("none");
    canaries::of_unusable_keys_are_redacted(with_canaries, &event, &table).await;
}
