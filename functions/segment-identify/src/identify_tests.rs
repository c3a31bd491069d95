//! The shipped template, and that of Ory's documents.

use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    ctx::{Ctx, TemplateSettings},
    deliver::EventFacts,
    segment::Call,
    template::{RenderError, Rendering, Source, Template},
};
use time::OffsetDateTime;

use crate::shipped_template;

async fn render(source: Source, body: &Value) -> Result<Value, RenderError> {
    let ctx = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
    let template = Template::prepare(source).unwrap();
    template.render(vec![("ctx", ctx.for_template(&TemplateSettings::default()))]).await
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
async fn shipped_identify_output() {
    insta::assert_json_snapshot!(identify(registration()).await);
}

#[tokio::test]
async fn missing_identity_fields_stay_absent() {
    let bare = json!({"identity": {"id": "i", "created_at": "0001-01-01T00:00:00Z"}});
    let expected = json!({"userId": "i", "integrations": {"MailChimp": false}});
    assert_eq!(identify(bare).await, expected);
}

#[tokio::test]
async fn name_parts_become_one_string() {
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
        let sent = json!([traits["name"], traits["firstName"], traits["lastName"]]);
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn without_consent_the_event_is_not_forwarded_to_mailchimp() {
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
        let sent = consent.get("newsletter").filter(|newsletter| newsletter.is_boolean());
        assert_eq!(result["traits"].get("newsletterConsent"), sent);
    }
}

#[tokio::test]
async fn address_that_looks_like_a_test_is_sent() {
    let mut body = registration();
    body["identity"]["traits"]["email"] = json!("test-ann@example.com");
    assert_eq!(identify(body).await["traits"]["email"], "test-ann@example.com");
}

/// The template of the README that skips test accounts.
#[tokio::test]
async fn readme_template_cancels_test_accounts() {
    let readme = include_str!("../README.md");
    let code = readme.split("```jsonnet\n").nth(1).unwrap().split("```").next().unwrap();
    let of = async |email: &str| {
        let mut body = registration();
        body["identity"]["traits"]["email"] = json!(email);
        render(Source::shipped("readme.jsonnet", code), &body).await
    };
    assert!(matches!(of("test-ann@example.com").await, Err(RenderError::Cancelled)));
    assert_eq!(of("ann@example.com").await.unwrap()["traits"]["email"], "ann@example.com");
    assert!(of("no address").await.is_ok());
}

/// Ory loads addresses in random order (ory/kratos#2515).
#[tokio::test]
async fn primary_address_of_two_is_sent() {
    let mut body = registration();
    let addresses = [("old@work.example.com", false), ("ann@example.com", true)];
    let addresses = addresses
        .map(|(value, verified)| json!({"value": value, "via": "email", "verified": verified}));
    body["identity"]["verifiable_addresses"] = json!(addresses);
    body["identity"]["traits"] = json!({"primary_email": "ann@example.com"});
    assert_eq!(identify(body.clone()).await["traits"]["email"], "ann@example.com");
    body["identity"]["traits"] = json!({"email": "ann@example.com,eve@example.com"});
    body["identity"]["verifiable_addresses"] = json!([]);
    assert!(identify(body).await["traits"].get("email").is_none());
}

#[tokio::test]
async fn empty_strings_are_absent() {
    let mut body = registration();
    for blank in ["", " ", "\t\n"] {
        body["identity"]["traits"]["name"] = json!({"first": blank, "last": "Lee"});
        let sent = identify(body.clone()).await["traits"].take();
        assert_eq!((&sent["name"], sent.get("firstName")), (&json!("Lee"), None));
    }
}

/// `custom_data` of this many bytes as JSON.
fn custom_data(bytes: usize) -> Value {
    json!({"x": "y".repeat(bytes - r#"{"x":""}"#.len())})
}

#[tokio::test]
async fn custom_data_is_dropped_if_too_large() {
    let sent = async |data: Value| {
        let mut body = registration();
        body["flow"]["transient_payload"]["custom_data"] = data;
        identify(body).await.get("customData").cloned()
    };
    let most = 16 * 1024;
    assert_eq!(sent(custom_data(most)).await, Some(custom_data(most)));
    assert_eq!(sent(custom_data(most + 1)).await, None);
    // Bytes of JSON, not letters.
    assert_eq!(sent(json!("ü".repeat(most / 2))).await, None);
    assert_eq!(sent(json!("\u{1}".repeat(most / 6 + 1))).await, None);
    assert_eq!(sent(json!({"\"".repeat(most / 2): 1})).await, None);
}

/// What a person may type, or a script may send: any JSON, some of it huge.
fn typed() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        (
            prop::sample::select(vec![
                "x",
                "\"",
                "\\",
                "\u{1}",
                "\u{7f}",
                "ü",
                "\u{1F600}",
                "a@b",
                " ",
                "<"
            ]),
            prop_oneof![0_usize..30, 240_usize..260, 990_usize..1010, 0_usize..40_000],
        )
            .prop_map(|(part, times)| part.repeat(times)),
    ];
    let leaf = prop_oneof![
        4 => text.clone().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => prop::sample::select(vec![json!(null), json!(true), json!(-0.0), json!(1e300), json!(1e-300), json!(u64::MAX)]),
    ];
    let small = leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    let many = (
        prop::sample::select(vec![json!(-0.0), json!(1e19), json!([]), json!({}), json!("")]),
        0_usize..30_000,
    )
        .prop_map(|(one, times)| Value::from(vec![one; times]));
    let deep = (0_usize..124, any::<bool>()).prop_map(|(levels, is_list)| {
        (0..levels).fold(
            json!("deep"),
            |inner, _| if is_list { json!([inner]) } else { json!({"a": inner}) },
        )
    });
    prop_oneof![6 => small, 1 => many, 1 => deep]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// For any input of a person, alone or all at once: a call that Segment does not accept would
    /// be an event that waits for an operator.
    #[test]
    fn any_sign_up_input_is_valid_for_segment(
        traits in prop_oneof![
            4 => (typed(), typed(), typed(), typed(), typed()).prop_map(|(email, first, last, newsletter, other)| json!({
                "email": email, "name": {"first": first, "last": last},
                "consent": {"newsletter": newsletter}, "other": other,
            })),
            1 => (typed(), typed()).prop_map(|(name, consent)| json!({"name": name, "consent": consent})),
            1 => typed(),
        ],
        addresses in prop_oneof![typed(), prop::collection::vec(typed().prop_map(|value| json!({"value": value, "via": "email"})), 0..3).prop_map(Value::from)],
        payload in prop_oneof![3 => typed().prop_map(|data| json!({"custom_data": data})), 1 => typed()],
    ) {
        let mut body = registration();
        body["identity"]["traits"] = traits;
        body["identity"]["verifiable_addresses"] = addresses;
        body["flow"]["transient_payload"] = payload;
        let Ok(ctx) = Ctx::decode(body.to_string().as_bytes()) else { return Ok(()) };
        let template = Template::begin(Rendering::InPlace, shipped_template());
        let ctx = ctx.sanitize().for_template(&TemplateSettings::default());
        let rendering = template.render(vec![("ctx", ctx)]);
        let Value::Object(result) = rendering.now_or_never().unwrap().unwrap() else {
            panic!("no object")
        };
        let event = EventFacts {
            idempotency_key: "0123456789abcdef0123456789abcdef", identity_id: None,
            received_at: OffsetDateTime::UNIX_EPOCH,
        };
        let call = Call::prepare(result, &event, crate::NAME);
        prop_assert!(call.is_ok(), "{call:?}");
    }
}

#[tokio::test]
async fn template_from_the_ory_docs_works() {
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
