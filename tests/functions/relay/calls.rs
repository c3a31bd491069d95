//! The call that arrives at the vendor.

use serde_json::json;

use super::setup::{setup, start};
use crate::common::ory::{FIRST, ann, event, event_of};

#[tokio::test]
async fn call_of_the_preset_arrives_with_the_token() {
    let mut relay = start().await;
    assert_eq!(relay.call(event(&ann())).await.row(), (200, "delivered"));
    let call = relay.received_once();
    assert_eq!(call.to_string(), "POST /crm/objects/2026-03/contacts/batch/upsert");
    assert_eq!(call.header("authorization"), Some("Bearer the-relay-token"));
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.body["inputs"][0]["id"], "ann@example.com");
}

#[tokio::test]
async fn template_chooses_method_path_query_headers_and_body() {
    let code = "function(ctx) {
      method: 'PUT', path: ['a b', ctx.identity.id], query: { q: 'x y', n: 1 },
      headers: { Accept: 'text/plain' }, body: 'text',
    }";
    let mut relay = setup().await.template(code).start().await;
    relay.call(event(&ann())).await;
    let call = relay.received_once();
    assert_eq!(call.to_string(), "PUT /a%20b/00000001-1111-4111-8111-000000000001");
    assert_eq!(call.query.as_deref(), Some("n=1&q=x+y"));
    assert_eq!(call.header("accept"), Some("text/plain"));
    assert_eq!(
        (call.header("content-type"), &*call.text),
        (Some("text/plain; charset=utf-8"), "text")
    );
}

#[tokio::test]
async fn base_path_stays_before_every_path() {
    let relay = setup().await;
    let origin = format!("{}/base/", relay.vendor.url());
    let mut relay = relay.var("RELAY_ORIGIN", origin).start().await;
    relay.call(event(&ann())).await;
    assert!(relay.received_once().path.starts_with("/base/crm/objects/"));
}

#[tokio::test]
async fn repeats_of_an_event_carry_the_same_idempotency_key() {
    let header = "x-idempotency";
    let mut relay = setup().await.var("RELAY_IDEMPOTENCY_HEADER", header).start().await;
    relay.call(event_of(FIRST, &ann())).await;
    relay.call(event_of(FIRST, &ann())).await;
    let other = "00000009-2222-4222-8222-000000000009";
    relay.call(event_of(other, &ann())).await;
    let keys: Vec<_> =
        relay.received().iter().map(|call| call.header(header).unwrap().to_owned()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}

#[tokio::test]
async fn no_template_reaches_another_host_or_leaves_the_base_path() {
    let paths = [
        "//evil.example/x",
        "/../x",
        "/a/%2e%2e/x",
        "/a%2fx",
        "https://evil.example/",
        "@evil.example/",
        "\\\\evil.example",
    ];
    for path in paths {
        let code = format!("function(ctx) {{ path: {} }}", json!(path));
        let mut relay = setup().await.template(&code).start().await;
        assert_eq!(relay.call(event(&ann())).await.status, 422, "{path}");
        assert!(relay.received().is_empty(), "{path}");
    }
}
