//! The shipped template over the sample events.

use serde_json::{Value, json};
use shared::template::{RenderError, Template};

use crate::{deliver::template_argument, samples, shipped_template};

async fn render(name: &str, identity: Value) -> Result<Value, RenderError> {
    let mut ctx = template_argument(&samples::event(name));
    ctx["identity"] = identity;
    let template = Template::prepare(shipped_template()).unwrap();
    template.render(vec![("ctx", ctx)]).await
}

async fn traits(name: &str) -> Value {
    render(name, json!({"id": "i"})).await.unwrap()["segment"]["traits"].clone()
}

#[tokio::test]
async fn consent_follows_the_person() {
    let table = [
        ("subscribe", json!({"newsletterConsent": true})),
        ("unsubscribe", json!({"newsletterConsent": false})),
        ("unsubscribe-delete", json!({"newsletterConsent": false})),
        ("unsubscribe-without-action", json!({"newsletterConsent": false})),
        ("cleaned", Value::Null),
        ("cleaned-abuse", json!({"newsletterConsent": false})),
        ("profile", json!({"firstName": "Mailchimp", "lastName": "API"})),
        ("upemail", json!({"email": "api+new@example.com"})),
    ];
    for (name, expected) in table {
        assert_eq!(traits(name).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_campaign_is_cancelled() {
    let result = render("campaign", json!({"id": "i"})).await;
    assert!(matches!(result, Err(RenderError::Cancelled)));
}

#[tokio::test]
async fn nothing_is_told_of_somebody_whom_ory_does_not_know() {
    assert_eq!(render("unsubscribe", Value::Null).await.unwrap(), json!({}));
}

#[tokio::test]
async fn the_call_carries_the_time_of_the_event() {
    insta::assert_json_snapshot!(render("unsubscribe", json!({"id": "i"})).await.unwrap());
}
