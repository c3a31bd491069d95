//! The status table, row by row, with the order of its checks.

use integration::Event;
use serde_json::{Value, json};

use super::{
    forms::form,
    setup::{SECRET, SENDS_TO_SEGMENT, error, event, setup, start_with, unauthenticated},
};
use crate::common::status_rows::MOST;

/// A good form of this size.
fn form_of_size(bytes: usize) -> String {
    let form = form("subscribe") + "&more=";
    let rest = "x".repeat(bytes - form.len());
    form + &rest
}

/// A form in an envelope that leaves it as text.
fn as_text(form: &str) -> Event {
    Event::post(form).query(&format!("secret={SECRET}"))
}

#[tokio::test]
async fn mailchimp_validation_request_is_answered_without_a_secret() {
    let validator = Event::post("").header("user-agent", "MailChimp.com WebHook Validator");
    let with_body = event(form("subscribe"));
    for name in ["webhook", "missing"] {
        let mut inbound = setup().await.var("WEBHOOK_SECRET_ID", name).start().await;
        inbound.secrets.set_down(true);
        for method in ["GET", "HEAD"] {
            for validator in [&validator, &validator.clone().query("secret=wrong"), &with_body] {
                let answer = inbound.call(validator.clone().method(method)).await;
                assert_eq!((answer.status, answer.body), (200, Value::Null), "{method}");
                assert!(answer.headers.is_empty(), "{method}");
            }
        }
        assert!(inbound.received().is_empty());
        for line in inbound.end().await.event_log() {
            assert_eq!((&line["outcome"], line.get("_aws")), (&json!("validated"), None));
        }
    }
}

#[tokio::test]
async fn other_methods_are_rejected() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = inbound.call(event(form("subscribe")).method(method)).await;
        assert_eq!((answer.status, answer.body), (405, error("method_not_allowed")), "{method}");
        assert_eq!(answer.headers["allow"], "GET, HEAD, POST", "{method}");
    }
    assert!(inbound.received().is_empty());
}

#[tokio::test]
async fn body_over_512_kib_is_too_large_in_any_encoding() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let over = form_of_size(MOST + 1);
    for event in [event(&over), as_text(&over)] {
        let answer = inbound.call(event).await;
        assert_eq!((answer.status, answer.body), (413, error("too_large")));
    }
    let most = form_of_size(MOST);
    assert_eq!(inbound.call(event(&most)).await.row(), (200, "delivered"));
    assert_eq!(inbound.call(as_text(&most)).await.row(), (200, "duplicate"));
}

#[tokio::test]
async fn cheapest_check_comes_first_and_unauthenticated_callers_learn_nothing() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let too_large = unauthenticated(form_of_size(MOST + 1));
    let table = [
        (too_large.clone().method("PUT"), 405),
        (unauthenticated("").method("PUT"), 405),
        (too_large, 413),
        (unauthenticated(""), 401),
        (unauthenticated("type=subscribe"), 401),
        (unauthenticated(b"\xff"), 401),
        (Event::post("no base64").declared_base64(), 401),
        (Event::post("no base64").declared_base64().query("secret=wrong"), 401),
    ];
    for (event, status) in table {
        assert_eq!(inbound.call(event).await.status, status);
    }
}

#[tokio::test]
async fn delivery_answer_has_the_segment_status_and_the_event_id() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let answer = inbound.call(event(form("subscribe"))).await;
    let id = answer.body["id"].clone();
    let digest = id.as_str().unwrap();
    assert!(digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    let vendor = json!({"segment": {"success": true}});
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({"status": "delivered", "id": id, "vendor": vendor}));
}

#[tokio::test]
async fn repeated_form_is_a_duplicate_as_text_or_base64() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    let form = form("subscribe");
    let first = inbound.call(event(&form)).await;
    assert_eq!(first.row(), (200, "delivered"));
    for again in [event(&form), as_text(&form)] {
        let answer = inbound.call(again).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, json!({"status": "duplicate", "id": first.body["id"]}));
    }
    assert_eq!(inbound.received().len(), 1);
}

#[tokio::test]
async fn form_is_accepted_as_text() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    assert_eq!(inbound.call(as_text(&form("subscribe"))).await.row(), (200, "delivered"));
    assert_eq!(inbound.received_once().body["userId"], "8a25ff1d98");
}

#[tokio::test]
async fn template_fault_is_answered_and_leaves_no_record() {
    let faults = [
        "ctx.missing",
        "error 'no'",
        "'a text'",
        "null",
        "{ mandrill: {} }",
        "{ segment: 'a text' }",
        "{ segment: [] }",
        "{ segment: {} }",
        "{ segment: { userId: '00000000-0000-0000-0000-000000000000' } }",
        "{ segment: { userId: 'ann', integrations: null } }",
        "{ segment: { userId: 'ann', integrations: 'none' } }",
        "{ segment: { userId: 'ann', type: 'page' } }",
        "{ segment: { userId: 'ann', messageId: 'an id' } }",
        "{ idempotency_key: 5 }",
    ];
    for fault in faults {
        let mut inbound = start_with(&format!("function(ctx) {fault}")).await;
        for _ in 0..2 {
            let answer = inbound.call(event(form("subscribe"))).await;
            assert_eq!((answer.status, answer.body), (500, error("template_fault")), "{fault}");
        }
        assert!(inbound.received().is_empty(), "{fault}");
        for line in inbound.end().await.event_log() {
            assert_eq!(line["TemplateFault"], json!(1.0), "{fault}");
            assert!(line["cause"].as_str().unwrap().contains("TEMPLATE"), "{line:#}");
        }
    }
}

#[tokio::test]
async fn template_fault_for_one_type_does_not_affect_others() {
    let mut inbound = start_with(SENDS_TO_SEGMENT).await;
    // An `upemail` has no `id`.
    assert_eq!(inbound.call(event(form("upemail"))).await.status, 500);
    assert_eq!(inbound.call(event(form("profile"))).await.row(), (200, "delivered"));
}
