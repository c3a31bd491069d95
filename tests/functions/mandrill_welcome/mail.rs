//! The calls to Mandrill.

use std::time::Duration;

use fakes::FakeMandrill;
use integration::Event;
use serde_json::{Value, json};

use super::{
    setup::{Setup, Welcome},
    templates::FROM_THE_DOCUMENTS,
};
use crate::common::{
    ory::{FIRST, SECOND, ann, event, event_of, with_two_addresses},
    setup::Vendor,
};

/// The key under which the event's mail can be found again.
async fn key_of_mail(setup: Setup, event: Event) -> String {
    let mut welcome = setup.start().await;
    assert_eq!(welcome.call(event).await.row(), (200, "delivered"));
    let key = &welcome.received_once().body["message"]["metadata"]["ory_key"];
    key.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn template_from_the_ory_docs_sends_the_documented_message() {
    let mut welcome = Setup::new().await.template(FROM_THE_DOCUMENTS).start().await;
    welcome.call(event(&ann())).await;
    let mut call = welcome.received_once();
    assert_eq!(call.method, "messages/send");
    let metadata = call.body["message"].as_object_mut().unwrap().remove("metadata").unwrap();
    assert_eq!(metadata.as_object().unwrap().len(), 2);
    assert_eq!(metadata["ory_identity"], ann()["identity"]["id"]);
    let expected = json!({
        "key": FakeMandrill::KEY,
        "message": {
            "from_email": "hello@example.com",
            "subject": "Hello from Ory",
            "text": "Welcome to Ory! Have fun and happy hacking!",
            "to": [{"email": "ann@example.com", "type": "to"}],
        },
    });
    assert_eq!(call.body, expected);
}

#[tokio::test]
async fn shipped_template_sends_one_mail_with_the_idempotency_key() {
    let mut welcome = Welcome::start().await;
    welcome.call(event(&ann())).await;
    let call = welcome.received_once();
    assert_eq!(
        (call.method.as_str(), &call.body["key"]),
        ("messages/send", &json!(FakeMandrill::KEY))
    );
    assert_eq!(call.body.get("idempotency_key"), None, "it is for us alone");
    let message = &call.body["message"];
    assert_eq!(message["from_email"], "welcome@example.com");
    assert_eq!(message["from_name"], "example.com");
    assert_eq!(message["subject"], "Welcome");
    assert_eq!(message["text"], "Welcome! Your account is ready.");
    assert_eq!(message["to"], json!([{"email": "ann@example.com", "type": "to"}]));
}

#[tokio::test]
async fn sender_and_subject_are_settings_whatever_was_forwarded() {
    let setup = Setup::new().await.var("FROM_EMAIL", "hello@shop.example");
    let setup = setup.var("FROM_NAME", "The Shop").var("SUBJECT", "Good to see you");
    let mut welcome = setup.start().await;
    let mut ctx = ann();
    ctx["mail"] = json!({"from_email": "eve@evil.example", "from_name": "E", "subject": "Win"});
    assert_eq!(welcome.call(event(&ctx)).await.row(), (200, "delivered"));
    let message = welcome.received_once().body["message"].clone();
    assert_eq!(message["from_email"], "hello@shop.example");
    assert_eq!(message["from_name"], "The Shop");
    assert_eq!(message["subject"], "Good to see you");
}

/// What a log line says where the sender is missing.
const NO_SENDER: &str = "FROM_EMAIL is not set";

#[tokio::test]
async fn without_a_sender_the_shipped_template_is_not_rendered_and_ory_tries_again() {
    let mut welcome = Setup::new().await.var("FROM_EMAIL", "").start().await;
    let answer = welcome.call(event(&ann())).await;
    assert_eq!((answer.status, answer.message()), (503, ("#/", 8_100_503)));
    assert!(welcome.received().is_empty());
    let line = welcome.end().await.only_line();
    assert_eq!(line["outcome"], "blocked", "{line:#}");
    assert!(line["cause"].as_str().unwrap().contains(NO_SENDER), "{line:#}");
}

#[tokio::test]
async fn an_event_waits_in_the_queue_until_the_sender_is_set() {
    let mut welcome = Setup::queued().await.var("FROM_EMAIL", "").start().await;
    welcome.store(event(&ann())).await;
    assert_eq!(welcome.work().await.len(), 1);
    assert!(welcome.received().is_empty());
    welcome.sandbox.deploy(|deployment| deployment.var("FROM_EMAIL", "welcome@example.com")).await;
    welcome.let_time_pass(Duration::from_mins(15));
    assert!(welcome.work().await.is_empty());
    assert_eq!(welcome.received().len(), 1);
}

#[tokio::test]
async fn a_custom_template_needs_no_sender() {
    let code = "function(ctx) { message: {
        to: [{ email: ctx.recipient }], from_email: 'own@shop.example',
        metadata: { is_set: ctx.mail.from_email != null, subject: ctx.mail.subject },
    } }";
    let mut welcome = Setup::new().await.var("FROM_EMAIL", "").template(code).start().await;
    assert_eq!(welcome.call(event(&ann())).await.row(), (200, "delivered"));
    let message = welcome.received_once().body["message"].clone();
    assert_eq!(message["from_email"], "own@shop.example");
    assert_eq!(message["metadata"]["is_set"], false);
    assert_eq!(message["metadata"]["subject"], "Welcome");
}

#[tokio::test]
async fn a_template_and_a_reply_are_given_a_safe_name_and_none_that_was_forwarded() {
    let code = "function(ctx) { message: {
        to: [{ email: ctx.recipient }], text: 'Hello ' + ctx.greeting_name,
    } }";
    let reply = "function(ctx, outcome) { messages: [{ instance_ptr: '#/', messages: [
        { id: 1, type: 'info', text: ctx.greeting_name + ' ' + ctx.mail.from_email },
    ] }] }";
    let setup = Setup::new().await.template(code).reply_template(reply);
    let mut welcome = setup.start().await;
    let mut ctx = ann();
    ctx["identity"]["traits"]["name"] = json!({"first": "Ann"});
    ctx["greeting_name"] = json!("Win at evil.com");
    let answer = welcome.call(event_of(FIRST, &ctx)).await;
    assert_eq!(answer.body["messages"][0]["messages"][0]["text"], "Ann welcome@example.com");
    assert_eq!(welcome.received_once().body["message"]["text"], "Hello Ann");
    ctx["identity"]["traits"]["name"] = json!("Win at evil.com");
    ctx["identity"]["id"] = json!("00000002-1111-4111-8111-000000000002");
    welcome.call(event_of(SECOND, &ctx)).await;
    assert_eq!(welcome.received_once().body["message"]["text"], "Hello null");
}

#[tokio::test]
async fn template_name_selects_send_template() {
    let code = "function(ctx) {
        template_name: 'welcome', message: { to: [{ email: ctx.identity.traits.email }] },
    }";
    let mut welcome = Setup::new().await.template(code).start().await;
    welcome.call(event(&ann())).await;
    let call = welcome.received_once();
    assert_eq!(call.method, "messages/send-template");
    assert_eq!(call.body["template_name"], "welcome");
    assert_eq!(call.body["template_content"], json!([]));
}

#[tokio::test]
async fn metadata_idempotency_key_depends_on_event_and_deployment() {
    let function = "arn:aws:lambda:eu-central-1:123456789012:function:welcome";
    let key = async |arn: &str, event: Event| {
        key_of_mail(Setup::new().await.with(|deployment| deployment.arn(arn)), event).await
    };
    let production = key(function, event(&ann())).await;
    assert_eq!(production.len(), 32);
    assert!(production.bytes().all(|digit| digit.is_ascii_hexdigit()), "{production}");
    assert_eq!(production, key(&format!("{function}:live"), event(&ann())).await);
    assert_eq!(production, key(&format!("{function}:42"), event(&ann())).await);
    assert_ne!(production, key(&format!("{function}-staging"), event(&ann())).await);
}

#[tokio::test]
async fn template_metadata_is_kept() {
    let code = "function(ctx) { message: {
        to: [{ email: ctx.identity.traits.email }], metadata: { plan: 'free' },
    } }";
    let mut welcome = Setup::new().await.template(code).start().await;
    welcome.call(event(&ann())).await;
    let metadata = welcome.received_once().body["message"]["metadata"].clone();
    assert_eq!(metadata["plan"], "free");
    assert_ne!(metadata["ory_key"], Value::Null);
}

#[tokio::test]
async fn name_that_could_carry_a_message_is_not_used_in_the_greeting() {
    let mut ctx = ann();
    ctx["identity"]["traits"]["name"] = json!("Win at https://evil.example/*|SUBJECT|*");
    let mut welcome = Welcome::start().await;
    welcome.call(event(&ctx)).await;
    assert!(!welcome.received_once().body.to_string().contains("evil"));
}

#[tokio::test]
async fn template_never_sees_ory_cookies_or_form_values() {
    let code = "function(ctx) { message: {
        to: [{ email: ctx.identity.traits.email }], text: std.manifestJsonMinified(ctx),
    } }";
    let mut ctx = ann();
    ctx["request_cookies"] = json!({"ory_session": "secret"});
    ctx["request_headers"] = json!({"Cookie": ["a=secret"], "Authorization": ["secret"]});
    ctx["request_url"] = json!("https://example.com/?code=secret&utm_source=ad");
    ctx["identity"]["credentials"] = json!({"password": "secret"});
    ctx["flow"]["ui"] = json!({"nodes": [{"attributes": {"value": "secret"}}]});
    ctx["flow"]["transient_payload"] = json!({"seen": "by the template"});
    let mut welcome = Setup::new().await.template(code).start().await;
    welcome.call(event(&ctx)).await;
    let call = welcome.received_once();
    let seen: Value = serde_json::from_str(call.body["message"]["text"].as_str().unwrap()).unwrap();
    assert!(!seen.to_string().contains("secret"), "{seen:#}");
    assert_eq!(seen["request_url"], "https://example.com/?utm_source=ad");
    assert_eq!(seen["transient_payload"], json!({"seen": "by the template"}));
}

#[tokio::test]
async fn address_that_looks_like_a_test_gets_a_welcome() {
    let mut ctx = ann();
    ctx["identity"]["traits"]["email"] = json!("test-ann@example.com");
    ctx["identity"]["verifiable_addresses"][0]["value"] = json!("test-ann@example.com");
    let mut welcome = Welcome::start().await;
    assert_eq!(welcome.call(event(&ctx)).await.row(), (200, "delivered"));
    let to = welcome.received_once().body["message"]["to"].clone();
    assert_eq!(to, json!([{"email": "test-ann@example.com", "type": "to"}]));
}

#[tokio::test]
async fn welcome_goes_to_the_primary_of_two_addresses() {
    for ctx in with_two_addresses() {
        let mut welcome = Welcome::start().await;
        assert_eq!(welcome.call(event(&ctx)).await.row(), (200, "delivered"));
        let to = &welcome.received_once().body["message"]["to"][0]["email"];
        assert!(to.as_str().unwrap().eq_ignore_ascii_case("ann@example.com"), "{ctx}: {to}");
    }
}

#[tokio::test]
async fn templates_get_the_computed_recipient_and_not_a_forwarded_one() {
    let code = "function(ctx) { message: { to: [{ email: ctx.recipient }] } }";
    let reply = "function(ctx, outcome) { messages: [{ instance_ptr: '#/', messages: [
        { id: 1, type: 'info', text: '' + ctx.recipient },
    ] }] }";
    let setup = Setup::new().await.template(code).reply_template(reply);
    let mut welcome = setup.start().await;
    let mut ctx = ann();
    ctx["recipient"] = json!("eve@example.com");
    let answer = welcome.call(event_of(FIRST, &ctx)).await;
    assert_eq!(answer.body["messages"][0]["messages"][0]["text"], "ann@example.com");
    assert_eq!(welcome.received_once().body["message"]["to"][0]["email"], "ann@example.com");
    let mut nobody = ann();
    nobody["identity"]["traits"]["email"] = json!("ann@example.com,eve@example.com");
    nobody["identity"]["verifiable_addresses"] = json!([]);
    assert_eq!(welcome.call(event_of(SECOND, &nobody)).await.status, 422);
    assert!(welcome.received().is_empty());
}
