//! The event log: what it contains, and what is redacted.

use fakes::server::FakeReply;
use serde_json::json;

use super::setup::{setup, start};
use crate::common::{canaries, event_log, ory::event_of, vendor_replies};

#[tokio::test]
async fn request_log_entry_has_the_outcome() {
    event_log::has_the_outcome_of_an_ory_request(start().await, "relay").await;
}

/// Goes wrong in the way that ctx asks for.
const FAULTY: &str = "
function(ctx)
  local name = ctx.identity.traits.name;
  local email = ctx.identity.traits.email;
  local faults = {
    none: { path: ['a', email], query: { q: name }, body: ctx.identity.traits },
    cancel: error 'cancel ' + name,
    explicit: error name,
    field: ctx[name],
    path: { path: '/../' + name },
    host: { path: '//' + name + '/x' },
    header: { path: '/a', headers: { Host: name } },
    value: { path: '/a', headers: { Accept: name + '\\n' } },
    method: { path: '/a', method: name },
    key: { path: '/a', [name]: 1 },
  };
  faults[ctx.transient_payload.fault]
";

#[tokio::test]
async fn log_redacts_template_input() {
    let table = [
        ("none", 200),
        ("cancel", 204),
        ("explicit", 422),
        ("field", 422),
        ("path", 422),
        ("host", 422),
        ("header", 422),
        ("value", 422),
        ("method", 422),
        ("key", 422),
        ("canary", 422),
    ];
    let mut relay = canaries::everywhere(setup().await, FAULTY).start().await;
    // What the fake of HubSpot says of a strange path is not asked here.
    relay.vendor.reply_always(Some(FakeReply::json(200, &json!({}))));
    for (fault, status) in table {
        assert_eq!(relay.call(canaries::event(fault)).await.status, status, "{fault}");
    }
    assert_eq!(relay.received().len(), 1);
    canaries::are_redacted(relay, table.len()).await;
}

#[tokio::test]
async fn log_redacts_the_answers_of_the_vendor() {
    let said = json!({"message": "canary", "errors": ["canary"], "numErrors": "canary"});
    let replies = [
        FakeReply::json(200, &said),
        FakeReply::json(400, &said),
        FakeReply::json(422, &said),
        FakeReply::text(404, "text/canary", "canary"),
        vendor_replies::with_header(302, "location", "https://example.com/canary"),
        vendor_replies::with_header(429, "retry-after", "600"),
    ];
    let mut relay = canaries::everywhere(setup().await, FAULTY).start().await;
    let count = replies.len();
    for reply in replies {
        relay.vendor.reply_next(reply);
    }
    for n in 0..count {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000005");
        let key = "canary-webhook-key";
        let event = event_of(&trigger_id, &canaries::person("none")).header("authorization", key);
        let answer = relay.call(event).await;
        assert!(!answer.body.to_string().contains("canary"), "{answer:?}");
    }
    canaries::assert_silent(&relay.end().await);
}
