//! Template output that Segment would accept and then drop silently.

use serde_json::json;

use super::setup::start_with;
use crate::common::ory::{FIRST, NIL_ID, SECOND, ann, ben, event, event_of};

#[tokio::test]
async fn invalid_output_is_a_template_fault_and_makes_no_call() {
    let results = [
        "'a text'".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "{ traits: { email: 'ann@example.com' } }".to_owned(),
        "{ userId: '' }".to_owned(),
        "{ userId: 5 }".to_owned(),
        format!("{{ userId: '{NIL_ID}' }}"),
        format!("{{ userId: 'ann', anonymousId: '{NIL_ID}' }}"),
        "{ type: 'page', userId: 'ann' }".to_owned(),
        "{ type: null, userId: 'ann' }".to_owned(),
        "{ type: 'track', userId: 'ann' }".to_owned(),
        "{ type: 'track', userId: 'ann', event: '' }".to_owned(),
        "{ type: 'group', userId: 'ann' }".to_owned(),
        "{ userId: 'ann', traits: 'none' }".to_owned(),
        "{ type: 'track', userId: 'ann', event: 'e', properties: [] }".to_owned(),
        "{ userId: 'ann', integrations: false }".to_owned(),
        "{ userId: 'ann', context: 'none' }".to_owned(),
        "{ userId: 'ann', writeKey: 'a key' }".to_owned(),
        "{ userId: 'ann', key: 'a key' }".to_owned(),
        "{ userId: 'ann', messageId: 'an id' }".to_owned(),
        "{ userId: 'ann', sentAt: '2026-01-31T11:19:37Z' }".to_owned(),
        "{ userId: 'ann', idempotency_key: 5 }".to_owned(),
    ];
    for result in results {
        let mut identify = start_with(&format!("function(ctx) {result}")).await;
        let answer = identify.call(event(&ann())).await;
        assert_eq!((answer.status, answer.message()), (422, ("#/", 8_100_422)), "{result}");
        assert!(identify.received().is_empty(), "{result}");
        let line = identify.end().await.only_line();
        assert_eq!(line["TemplateFault"], json!(1.0), "{result}");
        assert!(line["cause"].as_str().unwrap().contains("TEMPLATE"), "{line:#}");
    }
}

#[tokio::test]
async fn template_fault_or_runaway_does_not_affect_other_events() {
    for fault in ["ctx.missing", "std.foldl(function(a, b) a + b, std.range(1, 1e9), 0)"] {
        let code = format!(
            "function(ctx)
              local isAnn = ctx.identity.traits.name.first == 'ann';
              {{ userId: 'u', traits: if isAnn then {{ a: {fault} }} else {{}} }}"
        );
        let mut identify = start_with(&code).await;
        assert_eq!(identify.call(event_of(FIRST, &ann())).await.status, 422, "{fault}");
        assert_eq!(identify.call(event_of(SECOND, &ben())).await.row(), (200, "delivered"));
    }
}
