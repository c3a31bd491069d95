//! Queued delivery: events are enqueued, then delivered.

use std::time::Duration;

use fakes::server::FakeReply;
use serde_json::{Value, json};
use shared::{idempotency::KEY_ATTRIBUTE, key::IdempotencyKey};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    mandrill_replies,
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    canaries, enqueued,
    event_log::outcomes,
    ory::{FIRST, SECOND, ann, ann_before_save, ben, event, event_of, phone_only},
    queue::until_called,
    setup::QUEUE,
};

#[tokio::test]
async fn enqueued_event_is_accepted_without_vendor_calls() {
    enqueued::is_accepted_without_vendor_calls(Welcome::queued().await, event(&ann()), 202).await;
}

#[tokio::test]
async fn event_is_enqueued_before_rendering() {
    enqueued::is_accepted_unrendered(Setup::queued().await, event(&ann()), 202).await;
}

#[tokio::test]
async fn enqueued_message_is_the_sanitized_event_without_secrets() {
    let setup = canaries::everywhere(Setup::queued().await, FROM_THE_DOCUMENTS);
    let mut welcome = setup.start().await;
    let before = OffsetDateTime::now_utc();
    let event = canaries::event_of(FIRST, &canaries::person("none")).cookie("session=canary");
    welcome.store(event).await;
    let mut message = welcome.stored_body();
    let received_at = message.as_object_mut().unwrap().remove("received_at").unwrap();
    let received_at = OffsetDateTime::parse(received_at.as_str().unwrap(), &Rfc3339).unwrap();
    assert!(before <= received_at && received_at <= OffsetDateTime::now_utc());
    let email = "canary@example.com";
    let transient_payload = json!({"fault": "none", "canary": "canary"});
    let expected = json!({
        "version": 1, "function": "mandrill-welcome", "event_id": FIRST, "trigger_id": FIRST,
        "event": {
            "flow": {
                "id": "canary", "type": "canary",
                "request_url": "https://example.com/?utm_source=canary",
                "transient_payload": transient_payload,
            },
            "hook": {"flow": "registration", "method": "canary", "when": "after_save"},
            "identity": {
                "id": "00000001-1111-4111-8111-000000000001",
                "metadata_public": {"canary": "canary"},
                "traits": {"email": email, "name": "Canary canary"},
                "verifiable_addresses": [{"value": email, "via": "email"}],
            },
            "request_headers": {"User-Agent": ["canary"], "True-Client-Ip": ["203.0.113.7"]},
            "request_url": "https://example.com/canary",
            "transient_payload": transient_payload,
        },
    });
    assert_eq!(message, expected);
    canaries::assert_silent(&welcome.end().await);
}

/// Whatever a webhook's template forwards.
#[tokio::test]
async fn enqueued_message_holds_no_ory_token() {
    const SECRET: &str = canaries::SECRET;
    let url = |host: &str| {
        format!("https://{host}/a?utm_source=ad;token={SECRET}&code={SECRET}#{SECRET}")
    };
    let mut bare = ann();
    bare["request_url"] = json!(url("example.com"));
    bare["request_cookies"] = json!({"ory_session": SECRET});
    bare["request_headers"] = json!({
        "User-Agent": ["Firefox"], "X-Api-Key": [SECRET], "x-forwarded-for": [SECRET],
        "Ory-Base-Url-Rewrite-Token": [SECRET], "COOKIE": [SECRET], "authorization": [SECRET],
        "Referer": [url(&format!("ann:{SECRET}@example.com"))],
    });
    for (name, value) in [
        ("ui", json!({"nodes": [SECRET]})),
        (
            "continue_with",
            json!([{"action": "set_ory_session_token", "ory_session_token": SECRET}]),
        ),
        ("session_token_exchange_code", json!(SECRET)),
        ("oauth2_login_challenge", json!(SECRET)),
        ("oauth2_login_request", json!({"request_url": SECRET})),
        ("return_to", json!(url("example.com"))),
        ("request_url", json!(format!("/self-service?{SECRET}"))),
    ] {
        bare["flow"][name] = value;
    }
    bare["identity"]["credentials"] = json!({"password": SECRET});
    bare["session"] = json!({
        "tokenized": SECRET, "identity": {"credentials": SECRET, "id": "i"},
    });
    for ctx in [json!({ "ctx": bare }), bare] {
        let mut welcome = Welcome::queued().await;
        welcome.store(event(&ctx)).await;
        let message = welcome.stored_body();
        assert!(!message.to_string().contains(SECRET), "{message:#}");
        let event = &message["event"];
        assert_eq!(event["request_url"], "https://example.com/a?utm_source=ad");
        assert_eq!(event["flow"]["return_to"], "https://example.com/a?utm_source=ad");
        let headers = json!({
            "User-Agent": ["Firefox"], "Referer": ["https://example.com/a?utm_source=ad"],
        });
        assert_eq!(event["request_headers"], headers);
        assert_eq!(event["session"], json!({"identity": {"id": "i"}}));
    }
}

#[tokio::test]
async fn before_save_event_is_not_enqueued() {
    let mut welcome = Welcome::queued().await;
    assert_eq!(welcome.call(event(&ann_before_save())).await.status, 204);
    assert!(welcome.stored().is_empty());
}

#[tokio::test]
async fn cancelled_event_is_enqueued_then_skipped() {
    let mut welcome = Setup::queued().await.start().await;
    welcome.store(event(&phone_only())).await;
    assert!(welcome.work().await.is_empty());
    assert!(welcome.received().is_empty() && welcome.dynamo_db.calls() == 0);
    let [line] = welcome.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], &line["Skipped"]), (&json!("skipped"), &json!(1.0)));
}

#[tokio::test]
async fn delivered_message_is_deleted_and_its_record_holds_no_personal_data() {
    let code = "function(ctx) {
        message: { to: [{ email: ctx.identity.traits.email }] },
        idempotency_key: ctx.identity.traits.email,
    }";
    for code in [code, FROM_THE_DOCUMENTS] {
        let mut welcome = canaries::everywhere(Setup::queued().await, code).start().await;
        welcome.store(canaries::event("none")).await;
        assert!(welcome.work().await.is_empty());
        assert_eq!(welcome.mails(), 1);
        let record = welcome.record();
        assert_eq!(record["state"], json!({"S": "delivered"}));
        assert_eq!(record["vendor_id"], json!({"S": format!("{:032x}", 1)}));
        assert_eq!(record.get("expires_at").is_some(), code == FROM_THE_DOCUMENTS);
        assert!(!record.to_string().to_ascii_lowercase().contains(canaries::CANARY), "{record:#}");
        canaries::assert_silent(&welcome.end().await);
    }
}

/// `ory-actions forget` finds it by that.
#[tokio::test]
async fn record_of_the_shipped_welcome_is_named_after_the_identity() {
    let mut welcome = Setup::queued().await.start().await;
    welcome.store(event(&ann())).await;
    assert!(welcome.work().await.is_empty());
    let id = ann()["identity"]["id"].as_str().unwrap().to_owned();
    let expected = IdempotencyKey::of_name(&id).record_id("mandrill-welcome");
    assert_eq!(welcome.record()[KEY_ATTRIBUTE], json!({"S": expected}));
}

#[tokio::test]
async fn rejected_event_is_recorded_and_deleted() {
    let mut welcome = Welcome::queued().await;
    welcome.vendor.reply_next(mandrill_replies::row("rejected", Some("hard-bounce")));
    welcome.store(event(&ann())).await;
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.record()["state"], json!({"S": "rejected"}));
    let [line] = welcome.end().await.deliveries().try_into().unwrap();
    assert_eq!((&line["outcome"], &line["Rejected"]), (&json!("rejected"), &json!(1.0)));
}

#[tokio::test]
async fn event_has_a_request_log_entry_and_a_delivery_log_entry() {
    let welcome = Welcome::queued().await;
    let function = "mandrill-welcome";
    enqueued::has_a_request_and_a_delivery_log_entry(welcome, event(&ann()), function).await;
}

#[tokio::test]
async fn logs_and_records_hold_no_canary_under_any_fault() {
    let setup = canaries::everywhere(Setup::queued().await, FROM_THE_DOCUMENTS);
    let event = |n| {
        let trigger_id = format!("{n:08}-2222-4222-8222-000000000006");
        canaries::event_of(&trigger_id, &canaries::person("none"))
    };
    enqueued::is_redacted_under_any_fault(setup.start().await, event).await;
}

#[tokio::test]
async fn event_enqueued_twice_is_one_mail() {
    let mut welcome = Welcome::queued().await;
    for _ in 0..2 {
        welcome.store(event(&ann())).await;
    }
    assert_eq!(welcome.stored().len(), 2);
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.mails(), 1);
    assert_eq!(outcomes(&welcome.end().await.deliveries()), ["delivered", "duplicate"]);
}

#[tokio::test]
async fn concurrent_deliveries_of_one_message_send_one_mail() {
    let mut welcome = Welcome::queued().await;
    let mut other = welcome.sandbox.another().await;
    welcome.store(event(&ann())).await;
    let message = welcome.sqs.receive(QUEUE, 1);
    let slow =
        FakeReply::After(Duration::from_millis(700), Box::new(mandrill_replies::row("sent", None)));
    welcome.vendor.reply_next(slow);
    let vendor = &welcome.vendor;
    let (kept, (calls, kept_by_other)) = tokio::join!(welcome.sandbox.deliver(&message), async {
        until_called(vendor).await;
        let kept = other.deliver(&message).await;
        (vendor.take_received().len(), kept)
    });
    assert!(kept.is_empty());
    assert_eq!((calls, kept_by_other), (0, vec![message[0].id.clone()]));
    let hidden = welcome.stored_once().visibility.unwrap();
    assert!((20..=41).contains(&hidden), "until the lease ends: {hidden} s");
    let line = other.end().await.only_line();
    assert_eq!((&line["outcome"], line.get("calls")), (&json!("try_later"), None));
    welcome.let_time_pass(Duration::from_secs(30));
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.mails(), 0);
}

#[tokio::test]
async fn events_of_two_people_are_two_mails_in_any_order() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event_of(FIRST, &ann())).await;
    welcome.store(event_of(SECOND, &ben())).await;
    let mut messages = welcome.sqs.receive(QUEUE, 10);
    messages.reverse();
    for message in messages {
        welcome.deliver(&[message]).await;
    }
    assert!(welcome.stored().is_empty());
    let to = |call: &Value| call["message"]["to"][0]["email"].clone();
    let recipients: Vec<_> = welcome.received().iter().map(|call| to(&call.body)).collect();
    assert_eq!(recipients, ["ben@example.com", "ann@example.com"]);
}

#[tokio::test]
async fn each_message_of_a_batch_is_delivered() {
    let mut welcome = Welcome::queued().await;
    welcome.store(event_of(FIRST, &ann())).await;
    enqueued::put(&welcome, "not JSON");
    welcome.store(event_of(SECOND, &ben())).await;
    let [kept] = welcome.work_together(10).await.try_into().unwrap();
    assert_eq!((kept.body.as_str(), welcome.mails()), ("not JSON", 2));
}

#[tokio::test]
async fn characters_invalid_in_sqs_survive_the_queue() {
    let name = "a\u{ffff}b\u{fffe}c\u{fffd}d\u{1}e";
    let code = "function(ctx) { message: {
        to: [{ email: ctx.identity.traits.email }], text: ctx.identity.traits.name,
    } }";
    let mut welcome = Setup::queued().await.template(code).start().await;
    let mut ctx = ann();
    ctx["identity"]["traits"]["name"] = json!(name);
    welcome.store(event(&ctx)).await;
    assert_eq!(welcome.stored_body()["event"]["identity"]["traits"]["name"], name);
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.received_once().body["message"]["text"], name);
}

/// As the first release wrote it.
pub(super) const OF_LAST_WEEK: &str = r#"{
    "version": 1,
    "function": "mandrill-welcome",
    "event_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
    "trigger_id": "0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10",
    "received_at": "2026-01-02T03:04:05.678912Z",
    "event": {
        "flow": {"id": "cec1c06e-48eb-4f9d-abf1-2e287371f4eb", "type": "browser"},
        "hook": {"flow": "registration", "method": "password", "when": "after_save"},
        "identity": {
            "id": "00000001-1111-4111-8111-000000000001",
            "traits": {"email": "ann@example.com"},
            "verifiable_addresses": [{"value": "ann@example.com", "via": "email"}]
        }
    }
}"#;

#[tokio::test]
async fn redriven_old_message_is_delivered_once() {
    let mut welcome = Welcome::queued().await;
    for _ in 0..2 {
        enqueued::put(&welcome, OF_LAST_WEEK);
    }
    assert!(welcome.work().await.is_empty());
    let call = welcome.received_once();
    assert_eq!(call.body["message"]["to"][0]["email"], "ann@example.com");
    // The beginning of the SHA-256 of its event id.
    let id = "mandrill-welcome#f8ba0e9ed9b86dbc5240362a";
    assert_eq!(welcome.record()["id"], json!({ "S": id }));
}

#[tokio::test]
async fn unknown_message_stays_in_the_queue_for_inspection() {
    let good: Value = serde_json::from_str(OF_LAST_WEEK).unwrap();
    enqueued::are_kept_for_inspection(Welcome::queued().await, &good).await;
}
