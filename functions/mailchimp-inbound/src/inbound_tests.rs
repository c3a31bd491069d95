//! The shipped template over the sample events.

use serde_json::{Value, json};
use shared::{
    inbound::template_argument,
    template::{RenderError, Template},
};

use crate::{samples, shipped_template};

async fn render(name: &str, identity: Option<Value>) -> Result<Value, RenderError> {
    let ctx = template_argument(&samples::event(name), identity.as_ref());
    let template = Template::prepare(shipped_template()).unwrap();
    template.render(vec![("ctx", ctx)]).await
}

fn somebody() -> Value {
    json!({"id": "i"})
}

#[tokio::test]
async fn consent_is_updated_and_the_login_address_never_changes() {
    let consent = |given: bool| {
        (
            json!([{"op": "add", "path": "/traits/consent/newsletter", "value": given}]),
            json!({"newsletterConsent": given}),
        )
    };
    let undeliverable = json!([{
        "op": "add", "path": "/metadata_public/mailchimp/undeliverable",
        "value": "api+cleaned@example.com",
    }]);
    let table = [
        ("subscribe", consent(true)),
        ("unsubscribe", consent(false)),
        ("unsubscribe-delete", consent(false)),
        ("unsubscribe-without-action", consent(false)),
        ("cleaned", (undeliverable, Value::Null)),
        ("cleaned-abuse", consent(false)),
        ("profile", (Value::Null, json!({"firstName": "Mailchimp", "lastName": "API"}))),
        ("upemail", (Value::Null, json!({"email": "api+new@example.com"}))),
    ];
    for (name, (patch, traits)) in table {
        let result = render(name, Some(somebody())).await.unwrap();
        assert_eq!(
            (&result["ory"]["patch"], &result["segment"]["traits"]),
            (&patch, &traits),
            "{name}"
        );
    }
}

#[tokio::test]
async fn campaign_event_is_cancelled() {
    let result = render("campaign", Some(somebody())).await;
    assert!(matches!(result, Err(RenderError::Cancelled)));
}

#[tokio::test]
async fn unknown_identity_sends_nothing() {
    assert_eq!(render("unsubscribe", None).await.unwrap(), json!({}));
}

#[tokio::test]
async fn call_has_the_event_time() {
    insta::assert_json_snapshot!(render("unsubscribe", Some(somebody())).await.unwrap());
}
