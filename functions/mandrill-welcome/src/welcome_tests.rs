//! The shipped template, and those of Ory's documents, over the sample events.

use serde_json::{Value, json};
use shared::{
    ctx::Ctx,
    template::{RenderError, Source, Template},
};

use crate::{Mail, shipped_template};

async fn render(source: Source, body: &Value) -> Result<Value, RenderError> {
    let ctx = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
    let template = Template::prepare(source).unwrap();
    let settings = Mail::sample().for_shipped_template();
    template.render(vec![("ctx", ctx.for_template(&settings))]).await
}

async fn welcome(identity: Value) -> Result<Value, RenderError> {
    render(shipped_template(), &json!({ "identity": identity })).await
}

async fn html_for(name: Value) -> String {
    let traits = json!({"email": "ann@example.com", "name": name});
    let result = welcome(json!({"id": "i", "traits": traits})).await.unwrap();
    result["message"]["html"].as_str().unwrap().to_owned()
}

const WITHOUT_NAME: &str = "<p>Hello,</p><p>Welcome! Your account is ready.</p>";

#[tokio::test]
async fn shipped_welcome_output() {
    let identity = json!({
        "id": "3a5293f1-f4d6-49f4-b34f-6da62c360604",
        "traits": {"email": "ann@example.com", "name": {"first": "Ann", "last": "Lee"}},
        "verifiable_addresses": [{"value": "ann@example.com", "via": "email", "verified": false}],
    });
    insta::assert_json_snapshot!(welcome(identity).await.unwrap());
}

#[tokio::test]
async fn the_settings_are_the_sender_and_the_subject() {
    let identity = json!({"id": "i", "traits": {"email": "ann@example.com"}});
    let ctx = json!({"identity": identity, "mail": {"from_email": "eve@evil.example"}});
    let message = render(shipped_template(), &ctx).await.unwrap()["message"].take();
    assert_eq!(message["from_email"], "welcome@example.com");
    assert_eq!(message["from_name"], "example.com");
    assert_eq!(message["subject"], "Welcome");
}

#[tokio::test]
async fn template_from_the_ory_docs_works_without_its_key() {
    let code = r#"
        function(ctx) {
          message: {
            from_email: "info@example.com",
            subject: "Hello from Ory",
            text: "Welcome to Ory! Have fun and happy hacking!",
            to: [
              {
                email: ctx.identity.verifiable_addresses[0].value,
                type: "to"
              }
            ]
          }
        }"#;
    let body = json!({"identity": {"verifiable_addresses": [{"value": "ann@example.com"}]}});
    let result = render(Source::shipped("documents.jsonnet", code), &body).await.unwrap();
    insta::assert_json_snapshot!(result);
}

#[tokio::test]
async fn address_falls_back_to_the_trait() {
    let to = |identity: Value| async move {
        welcome(identity).await.map(|result| result["message"]["to"][0]["email"].clone()).ok()
    };
    let email = json!({"email": "ann@example.com"});
    let sms = json!([{"value": "+491234567", "via": "sms"}]);
    let found = Some(json!("ann@example.com"));
    assert_eq!(to(json!({"traits": email})).await, found);
    assert_eq!(to(json!({"traits": email, "verifiable_addresses": []})).await, found);
    assert_eq!(to(json!({"traits": email, "verifiable_addresses": null})).await, found);
    assert_eq!(to(json!({"traits": email, "verifiable_addresses": sms})).await, found);
    assert_eq!(to(json!({"traits": email, "verifiable_addresses": ["x"]})).await, found);
    assert_eq!(to(json!({"traits": email, "verifiable_addresses": "x"})).await, found);
    assert_eq!(to(json!({"verifiable_addresses": [{"value": "ann@example.com"}]})).await, found);
}

#[tokio::test]
async fn welcome_without_an_address_is_cancelled() {
    let identities = [
        json!({}),
        json!({"traits": {}}),
        json!({"traits": {"email": ""}}),
        json!({"traits": {"email": 5}}),
        json!({"traits": {"phone": "1"}, "verifiable_addresses": [{"value": "+49", "via": "sms"}]}),
        json!({"traits": {"email": "ann@example.com\r\nBcc: eve@example.com"}}),
        json!({"traits": {"email": "ann@example.com,eve@example.com"}}),
        json!({"traits": {"email": "Ann <ann@example.com>"}}),
        json!({"traits": {"email": "x".repeat(255)}}),
    ];
    for identity in identities {
        let result = welcome(identity.clone()).await;
        assert!(matches!(result, Err(RenderError::Cancelled)), "{identity}: {result:?}");
    }
}

#[tokio::test]
async fn only_who_registers_or_verifies_is_welcomed() {
    let with = |hook: Value| {
        let identity = json!({"id": "i", "traits": {"email": "ann@example.com"}});
        json!({"identity": identity, "hook": hook})
    };
    let flow = |flow: &str| json!({"flow": flow, "when": "after_save"});
    // A template of before the tag, or one of somebody's own, does not tell the flow.
    let unknown = [json!(null), json!({}), json!({"flow": null}), json!("registration")];
    for hook in unknown.into_iter().chain(["registration", "verification"].map(flow)) {
        assert!(render(shipped_template(), &with(hook.clone())).await.is_ok(), "{hook}");
    }
    let without_hook = json!({"identity": {"traits": {"email": "ann@example.com"}}});
    assert!(render(shipped_template(), &without_hook).await.is_ok());
    let others = ["login", "settings", "recovery", "backfill", "reconcile", "another", ""];
    for hook in others.map(flow).into_iter().chain([json!({"flow": 5})]) {
        let result = render(shipped_template(), &with(hook.clone())).await;
        assert!(matches!(result, Err(RenderError::Cancelled)), "{hook}: {result:?}");
    }
}

#[tokio::test]
async fn address_that_looks_like_a_test_gets_a_welcome() {
    let result = welcome(json!({"traits": {"email": "test-ann@example.com"}})).await.unwrap();
    assert_eq!(result["message"]["to"][0]["email"], "test-ann@example.com");
}

/// A template of the README.
fn of_readme(number: usize) -> &'static str {
    let mut templates = include_str!("../README.md").split("```jsonnet\n").skip(1);
    templates.nth(number).unwrap().split("```").next().unwrap()
}

#[tokio::test]
async fn readme_template_welcomes_once_also_at_a_login() {
    for (flow, is_welcomed) in [("login", true), ("registration", true), ("backfill", false)] {
        let identity = json!({"id": "i", "traits": {"email": "ann@example.com"}});
        let body = json!({"identity": identity, "hook": {"flow": flow}});
        let result = render(Source::shipped("readme.jsonnet", of_readme(1)), &body).await;
        let key = result.ok().map(|result| result["idempotency_key"].clone());
        assert_eq!(key, is_welcomed.then(|| json!("i")), "{flow}");
    }
}

/// The template of the README that skips test accounts.
#[tokio::test]
async fn readme_template_cancels_test_accounts() {
    let code = of_readme(0);
    let of = async |email: &str| {
        let body = json!({"identity": {"traits": {"email": email}}});
        render(Source::shipped("readme.jsonnet", code), &body).await
    };
    for cancelled in ["test-ann@example.com", "no address"] {
        assert!(matches!(of(cancelled).await, Err(RenderError::Cancelled)), "{cancelled}");
    }
    let result = of("ann@example.com").await.unwrap();
    assert_eq!(result["message"]["to"][0]["email"], "ann@example.com");
}

#[tokio::test]
async fn one_welcome_per_identity() {
    let key = |identity: Value| async move {
        welcome(identity).await.unwrap()["idempotency_key"].clone()
    };
    let traits = json!({"email": "ann@example.com"});
    assert_eq!(key(json!({"id": "i", "traits": traits})).await, json!("i"));
    assert_eq!(key(json!({"traits": traits})).await, json!(null));
}

#[tokio::test]
async fn plain_name_is_greeted_and_escaped() {
    let table = [
        (json!("Ann"), "Ann"),
        (json!({"first": "Ann", "last": "Lee"}), "Ann"),
        (json!("Zoë Ødegård"), "Zoë Ødegård"),
        (json!("Nguye\u{302}\u{303}n"), "Nguye\u{302}\u{303}n"),
        (json!("O’Brien–李 Анна עדה"), "O’Brien–李 Анна עדה"),
        (json!("<b>&\"Ann\"'"), "&lt;b&gt;&amp;&quot;Ann&quot;&apos;"),
        (json!("x".repeat(40)), &"x".repeat(40)),
    ];
    for (name, greeted) in table {
        let html = html_for(name).await;
        assert!(html.starts_with(&format!("<p>Hello {greeted},</p>")), "{html}");
    }
}

#[tokio::test]
async fn name_that_could_carry_a_message_is_omitted() {
    let names = [
        json!(null),
        json!(""),
        json!(5),
        json!([]),
        json!({}),
        json!({"last": "Lee"}),
        json!("x".repeat(41)),
        json!("x".repeat(100_000)),
        json!("evil.example"),
        json!("a/b"),
        json!("a:b"),
        json!("a@b"),
        json!("*|FNAME|*"),
        json!("{{name}}"),
        json!("a\nb"),
        json!("a\u{0}b"),
        json!("a\u{7f}b"),
        json!("a\u{85}b"),
        json!("a\u{ad}b"),
        json!("a\u{200b}b"),
        json!("a\u{200f}b"),
        json!("a\u{202e}b"),
        json!("a\u{2066}b"),
        json!("\u{feff}a"),
        json!("a\u{2028}b"),
        json!("a\u{61c}b"),
        json!("a\u{e0041}b"),
        json!("a\\\\b"),
        json!("evil\u{3002}com"),
        json!("evil\u{ff0e}com"),
        json!("evil\u{2024}com"),
        json!("a\u{ff1a}\u{ff0f}b"),
        json!(format!("a{}", "\u{335}".repeat(3))),
    ];
    for name in names {
        assert_eq!(html_for(name.clone()).await, WITHOUT_NAME, "{name}");
    }
}
