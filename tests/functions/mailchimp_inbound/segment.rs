//! The calls to Segment.

use fakes::{FakeSegment, Tracked};
use serde_json::{Value, json};

use super::{
    forms::{FIRED_AT_RFC3339, LIST, at, form, with},
    setup::{SENDS_TO_SEGMENT, event, setup, start_with},
};
use crate::common::setup::{Vendor, message_id};

/// The one call that comes of an event.
async fn call_of(code: &str, form: String) -> Value {
    let mut inbound = start_with(code).await;
    assert_eq!(inbound.call(event(form)).await.row(), (200, "delivered"));
    inbound.received_once().body
}

#[tokio::test]
async fn template_with_a_user_id_sends_to_segment() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for (n, kind) in (0..).zip(["subscribe", "unsubscribe", "profile"]) {
        assert_eq!(inbound.call(event(at(&form(kind), n))).await.row(), (200, "delivered"));
        let call = inbound.received_once();
        assert_eq!(
            (call.path.as_str(), call.write_key.as_deref()),
            ("identify", Some(FakeSegment::KEY))
        );
        assert_eq!(call.body["userId"], "8a25ff1d98");
        assert_eq!(call.body["traits"], json!({ "c": kind }));
        assert_eq!(call.body["timestamp"], format!("2026-01-31T12:00:0{n}Z"));
        assert_eq!(call.body["integrations"], json!({"MailChimp": false}));
        assert_eq!(call.body["context"]["library"]["name"], "mailchimp-inbound");
        assert!(call.body["sentAt"].is_string());
    }
}

#[tokio::test]
async fn template_cannot_send_data_back_to_mailchimp() {
    let table = [
        ("{}", json!({"MailChimp": false})),
        ("{ MailChimp: true }", json!({"MailChimp": false})),
        ("{ MailChimp: { listId: 'a6b5da1054' } }", json!({"MailChimp": false})),
        ("{ All: true, Slack: false }", json!({"All": true, "Slack": false, "MailChimp": false})),
    ];
    for (integrations, expected) in table {
        for more in ["", "type: 'track', event: 'e',", "type: 'group', groupId: 'g',"] {
            let code = format!(
                "function(ctx) {{ segment: {{
                    {more} userId: 'ann', integrations: {integrations},
                }} }}"
            );
            let body = call_of(&code, form("subscribe")).await;
            assert_eq!(body["integrations"], expected, "{code}");
        }
    }
}

#[tokio::test]
async fn template_without_ory_sees_mailchimp_field_names_and_no_identity() {
    let code = "function(ctx) { segment: {
        userId: 'ann', traits: { seen: std.manifestJsonMinified(ctx) },
    } }";
    let form = with(&form("subscribe"), "data[merges][LNAME]", "");
    let body = call_of(code, with(&form, "data[new]", "field")).await;
    let seen: Value = serde_json::from_str(body["traits"]["seen"].as_str().unwrap()).unwrap();
    let data = json!({
        "id": "8a25ff1d98", "list_id": LIST, "email": "ann@example.com", "email_type": "html",
        "ip_opt": "203.0.113.7", "interests": ["News", "Tea"], "new": "field",
        "merges": {"FNAME": "Ann", "INTERESTS": "News, Tea"},
    });
    let event = json!({"type": "subscribe", "fired_at": FIRED_AT_RFC3339, "data": data});
    assert_eq!(seen, json!({"event": event, "identity": null}));
}

#[tokio::test]
async fn repeated_field_keeps_the_last_value() {
    let body = call_of(SENDS_TO_SEGMENT, with(&form("subscribe"), "data[id]", "9b36ff2e09")).await;
    assert_eq!(body["userId"], "9b36ff2e09");
}

#[tokio::test]
async fn message_id_depends_on_event_and_deployment() {
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:inbound";
    let id = async |arn: &str, kind: &str| {
        let setup = setup().await.template(SENDS_TO_SEGMENT).with(|deployment| deployment.arn(arn));
        let mut inbound = setup.start().await;
        assert_eq!(inbound.call(event(form(kind))).await.row(), (200, "delivered"));
        message_id(&inbound.received_once()).to_owned()
    };
    let production = id(function, "subscribe").await;
    assert!((16..100).contains(&production.len()), "{production}");
    assert_eq!(production, id(&format!("{function}:live"), "subscribe").await);
    assert_ne!(production, id(&format!("{function}-staging"), "subscribe").await);
    assert_ne!(production, id(function, "profile").await);
}

#[tokio::test]
async fn template_idempotency_key_becomes_the_segment_message_id() {
    let code = "function(ctx) {
        segment: { userId: ctx.event.data.id }, idempotency_key: ctx.event.data.email,
    }";
    let mut inbound = start_with(code).await;
    let first = inbound.call(event(form("subscribe"))).await;
    let second = inbound.call(event(at(&form("profile"), 1))).await;
    assert_eq!([first.row(), second.row()], [(200, "delivered"); 2]);
    assert_ne!(first.body["id"], second.body["id"], "each answer tells the event's own key");
    let calls: [Tracked; 2] = inbound.received().try_into().unwrap();
    assert_eq!(message_id(&calls[0]), message_id(&calls[1]), "Segment drops the second");
    assert!(!message_id(&calls[0]).contains("ann@example.com"));
}
