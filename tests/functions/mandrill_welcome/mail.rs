//! The calls to Mandrill.

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
    assert_eq!(message["subject"], "Hello from Ory");
    assert_eq!(message["text"], "Welcome to Ory! Have fun and happy hacking!");
    assert_eq!(message["to"], json!([{"email": "ann@example.com", "type": "to"}]));
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
