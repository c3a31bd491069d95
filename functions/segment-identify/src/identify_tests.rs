//! The shipped template, and that of Ory's documents.

use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    template::{RenderError, Source, Template},
};

use crate::shipped_template;

async fn render(source: Source, body: &Value) -> Result<Value, RenderError> {
    let ctx = Ctx::decode(body.to_string().as_bytes()).unwrap().reduce();
    let template = Template::prepare(source).unwrap();
    template.render(vec![("ctx", ctx.as_value().clone())]).await
}

async fn identify(body: Value) -> Value {
    render(shipped_template(), &body).await.unwrap()
}

fn registration() -> Value {
    json!({
        "flow": {"transient_payload": {"custom_data": "test"}},
        "identity": {
            "id": "3a5293f1-f4d6-49f4-b34f-6da62c360604",
            "created_at": "2026-01-31T11:19:37Z",
            "traits": {
                "email": "ann@example.com", "name": "Ann", "consent": {"newsletter": true},
            },
        },
    })
}

#[tokio::test]
async fn the_shipped_identify() {
    insta::assert_json_snapshot!(identify(registration()).await);
}

#[tokio::test]
async fn what_the_identity_does_not_hold_stays_absent() {
    let bare = json!({"identity": {"id": "i", "created_at": "0001-01-01T00:00:00Z"}});
    let expected = json!({"userId": "i", "integrations": {"MailChimp": false}});
    assert_eq!(identify(bare).await, expected);
}

#[tokio::test]
async fn a_name_in_parts_becomes_one_text() {
    let table = [
        (json!({"first": "Ann", "last": "Lee"}), json!(["Ann Lee", "Ann", "Lee"])),
        (json!({"first": "Ann"}), json!(["Ann", "Ann", null])),
        (json!({}), json!([null, null, null])),
        (json!("Ann Lee"), json!(["Ann Lee", null, null])),
        (json!({"first": 5, "last": "Lee"}), json!(["Lee", null, "Lee"])),
        (json!({"first": ["Ann"], "last": {"deep": 1}}), json!([null, null, null])),
        (json!(5), json!([null, null, null])),
        (json!(["Ann"]), json!([null, null, null])),
        (json!("x".repeat(1001)), json!([null, null, null])),
    ];
    for (name, expected) in table {
        let mut body = registration();
        body["identity"]["traits"]["name"] = name;
        let traits = identify(body).await["traits"].take();
        let told = json!([traits["name"], traits["firstName"], traits["lastName"]]);
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn without_consent_mailchimp_is_not_told() {
    let result = |consent: Value| async move {
        let mut body = registration();
        body["identity"]["traits"]["consent"] = consent;
        identify(body).await
    };
    let given = result(json!({"newsletter": true})).await;
    assert!(given.get("integrations").is_none());
    assert_eq!(given["traits"]["newsletterConsent"], true);
    for consent in
        [json!({"newsletter": false}), json!({}), json!(null), json!({"newsletter": "true"})]
    {
        let result = result(consent.clone()).await;
        assert_eq!(result["integrations"], json!({"MailChimp": false}), "{consent}");
        let told = consent.get("newsletter").filter(|newsletter| newsletter.is_boolean());
        assert_eq!(result["traits"].get("newsletterConsent"), told);
    }
}

#[tokio::test]
async fn a_test_account_cancels() {
    let mut body = registration();
    body["identity"]["traits"]["email"] = json!("test-ann@example.com");
    let result = render(shipped_template(), &body).await;
    assert!(matches!(result, Err(RenderError::Cancelled)));
}

#[tokio::test]
async fn the_template_of_ory_s_documents_works() {
    let code = r"
        function(ctx) {
          userId: ctx.identity.id,
          customData: ctx.transient_payload.custom_data,
          traits: {
            email: ctx.identity.traits.email,
            name: ctx.identity.traits.name,
            newsletterConsent: ctx.identity.traits.consent.newsletter,
          },
        }";
    let result = render(Source::shipped("documents.jsonnet", code), &registration()).await;
    insta::assert_json_snapshot!(result.unwrap());
}
