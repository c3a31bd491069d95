//! The calls to Segment.

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fakes::{
    FakeSegment, Tracked,
    server::{FakeReply, Server},
};
use http::{Method, Request};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::setup::{setup, start, start_with};
use crate::common::{
    ory::{FIRST, SECOND, ann, event, event_of, with_two_addresses},
    setup::Vendor,
};

/// Segment refuses a larger call.
const MOST: usize = 32 * 1024;

fn time_of(call: &Tracked, name: &str) -> OffsetDateTime {
    OffsetDateTime::parse(call.body[name].as_str().unwrap(), &Rfc3339).unwrap()
}

/// Now, in milliseconds as Segment's times are.
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().truncate_to_millisecond()
}

/// Ann has registered, and said this about the newsletter.
fn ann_with_consent(newsletter: bool) -> Value {
    let mut ctx = ann();
    ctx["identity"]["traits"]["consent"] = json!({ "newsletter": newsletter });
    ctx
}

#[tokio::test]
async fn shipped_template_identifies_the_new_person() {
    let mut identify = start().await;
    identify.call(event(&ann())).await;
    let mut call = identify.received_once();
    assert_eq!(
        (call.path.as_str(), call.write_key.as_deref()),
        ("identify", Some(FakeSegment::KEY))
    );
    let body = call.body.as_object_mut().unwrap();
    for ours in ["messageId", "timestamp", "sentAt", "context"] {
        assert!(body.remove(ours).is_some(), "{ours}");
    }
    let expected = json!({
        "userId": "00000001-1111-4111-8111-000000000001",
        "traits": {
            "email": "ann@example.com",
            "name": "ann Lee", "firstName": "ann", "lastName": "Lee",
            "createdAt": "2026-01-31T11:19:37Z",
        },
        "integrations": {"MailChimp": false},
    });
    assert_eq!(call.body, expected);
}

#[tokio::test]
async fn only_consented_people_are_forwarded_to_mailchimp() {
    let mut identify = start().await;
    let table = [(ann(), false), (ann_with_consent(false), false), (ann_with_consent(true), true)];
    for (ctx, passed_on) in table {
        identify.call(event(&ctx)).await;
        let integrations = identify.received_once().body["integrations"].clone();
        let expected = if passed_on { Value::Null } else { json!({"MailChimp": false}) };
        assert_eq!(integrations, expected, "{ctx:#}");
    }
}

#[tokio::test]
async fn each_call_type_has_its_own_path() {
    let table = [
        ("userId: ctx.identity.id, traits: { plan: 'free' }", "identify"),
        ("type: 'identify', anonymousId: ctx.flow.id", "identify"),
        ("type: 'track', userId: ctx.identity.id, event: 'Signed Up'", "track"),
        ("type: 'group', userId: ctx.identity.id, groupId: 'example.com'", "group"),
    ];
    for (result, path) in table {
        let mut identify = start_with(&format!("function(ctx) {{ {result} }}")).await;
        assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"), "{result}");
        let call = identify.received_once();
        assert_eq!(call.path, path, "{result}");
        assert_eq!(call.body.get("type"), None, "the path tells it: {result}");
    }
}

#[tokio::test]
async fn write_key_is_sent_only_as_basic_auth_user_name() {
    let seen = Arc::<Mutex<Vec<Request<Bytes>>>>::default();
    let kept = seen.clone();
    let server = Server::start(0, move |request| {
        // By a HEAD the function connects while it starts.
        if request.method() != Method::HEAD {
            kept.lock().unwrap().push(request);
        }
        async { FakeReply::json(200, &json!({"success": true})) }
    });
    let server = server.await.unwrap();
    let setup = setup().await.var("SEGMENT_URL", format!("{}/v1", server.url()));
    let mut identify = setup.start().await;
    assert_eq!(identify.call(event(&ann())).await.row(), (200, "delivered"));
    let seen = seen.lock().unwrap();
    let [request] = seen.as_slice() else { panic!("not one request but {seen:?}") };
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/identify"));
    assert_eq!(request.uri().query(), None);
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:", FakeSegment::KEY)));
    assert_eq!(request.headers()["authorization"], basic.as_str());
    assert_eq!(request.headers()["content-type"], "application/json");
    let body = String::from_utf8(request.body().to_vec()).unwrap();
    assert!(!body.contains(FakeSegment::KEY), "{body}");
}

#[tokio::test]
async fn call_names_the_library() {
    let code = "function(ctx) {
        userId: ctx.identity.id, context: { locale: 'de', library: { name: 'mine' } },
    }";
    let mut identify = start_with(code).await;
    identify.call(event(&ann())).await;
    let context = identify.received_once().body["context"].clone();
    assert_eq!(
        (&context["locale"], &context["library"]["name"]),
        (&json!("de"), &json!("segment-identify"))
    );
    assert!(context["library"]["version"].is_string(), "{context:#}");
}

#[tokio::test]
async fn call_has_received_and_sent_timestamps() {
    let mut identify = start().await;
    let before = now();
    identify.call(event(&ann())).await;
    let call = identify.received_once();
    let (received, sent) = (time_of(&call, "timestamp"), time_of(&call, "sentAt"));
    assert!(before <= received && received <= sent && sent <= now(), "{call:#?}");
}

#[tokio::test]
async fn template_can_set_the_timestamp() {
    let code = "function(ctx) { userId: 'ann', timestamp: ctx.identity.created_at }";
    let mut identify = start_with(code).await;
    let before = now();
    identify.call(event(&ann())).await;
    let call = identify.received_once();
    assert_eq!(call.body["timestamp"], ann()["identity"]["created_at"]);
    assert!(before <= time_of(&call, "sentAt"), "{call:#?}");
}

#[tokio::test]
async fn event_over_32_kb_is_blocked_and_not_sent() {
    let padded = |bytes: usize| {
        let mut ctx = ann();
        ctx["identity"]["traits"]["name"] = json!("x".repeat(bytes));
        ctx
    };
    let code = "function(ctx) {
        userId: ctx.identity.id, traits: { name: ctx.identity.traits.name },
    }";
    let mut identify = start_with(code).await;
    // The rest of a call has about half a kilobyte.
    let answer = identify.call(event_of(FIRST, &padded(MOST - 1024))).await;
    assert_eq!(answer.row(), (200, "delivered"));
    assert!(identify.received_once().body.to_string().len() <= MOST);
    let answer = identify.call(event_of(SECOND, &padded(MOST))).await;
    assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
    assert!(identify.received().is_empty());
    let line = identify.end().await.event_log().pop().unwrap();
    assert_eq!((&line["outcome"], &line["Blocked"]), (&json!("blocked"), &json!(1.0)));
    assert!(line["cause"].as_str().unwrap().contains("32 KB"), "{line:#}");
}

#[tokio::test]
async fn any_sign_up_input_is_delivered() {
    let mut identify = start().await;
    let sized = |bytes: usize| json!({"x": "y".repeat(bytes)});
    let fits = 16 * 1024 - r#"{"x":""}"#.len();
    for (n, (custom_data, is_told)) in [
        (sized(1000), true),
        (sized(fits), true),
        (sized(fits + 1), false),
        (sized(33 * 1024), false),
        (json!(vec![json!(-0.0); 10_000]), false),
        (json!("\u{1}".repeat(8 * 1024)), false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut ctx = ann();
        ctx["flow"]["transient_payload"] = json!({"custom_data": custom_data});
        let name = "\u{1}".repeat(1000);
        ctx["identity"]["traits"]["name"] = json!({"first": name, "last": name});
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000001");
        assert_eq!(identify.call(event_of(&trigger_id, &ctx)).await.row(), (200, "delivered"));
        let call = identify.received_once();
        assert_eq!(call.body.get("customData"), is_told.then_some(&custom_data), "{n}");
        assert_eq!(call.body["traits"]["email"], "ann@example.com");
    }
}

#[tokio::test]
async fn address_that_looks_like_a_test_is_sent() {
    let mut ctx = ann();
    ctx["identity"]["traits"]["email"] = json!("test-ann@example.com");
    ctx["identity"]["verifiable_addresses"][0]["value"] = json!("test-ann@example.com");
    let mut identify = start().await;
    assert_eq!(identify.call(event(&ctx)).await.row(), (200, "delivered"));
    assert_eq!(identify.received_once().body["traits"]["email"], "test-ann@example.com");
}

#[tokio::test]
async fn welcomed_address_of_two_is_sent() {
    let mut identify = start().await;
    for (n, ctx) in with_two_addresses().into_iter().enumerate() {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000001");
        assert_eq!(identify.call(event_of(&trigger_id, &ctx)).await.row(), (200, "delivered"));
        let email = &identify.received_once().body["traits"]["email"];
        assert!(email.as_str().unwrap().eq_ignore_ascii_case("ann@example.com"), "{ctx}: {email}");
    }
}
