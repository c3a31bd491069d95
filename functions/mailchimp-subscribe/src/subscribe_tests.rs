//! The shipped template.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::{
    ctx::{Ctx, TemplateSettings},
    template::{RenderError, Rendering, Template},
};

use crate::{TemplateOutput, shipped_template};

fn render(body: &[u8]) -> Result<Value, RenderError> {
    let ctx = Ctx::decode(body).unwrap().sanitize().for_template(&TemplateSettings::default());
    let template = Template::begin(Rendering::InPlace, shipped_template());
    template.render(vec![("ctx", ctx)]).now_or_never().unwrap()
}

fn output(body: &Value) -> Value {
    render(body.to_string().as_bytes()).unwrap()
}

fn registration() -> Value {
    json!({
        "flow": {"issued_at": "2026-01-31T11:19:30Z"},
        "request_headers": {"True-Client-Ip": ["203.0.113.7"]},
        "identity": {
            "id": "3a5293f1-f4d6-49f4-b34f-6da62c360604",
            "traits": {
                "email": "ann@example.com", "name": {"first": "Ann", "last": "Lee"},
                "consent": {"newsletter": true},
            },
        },
    })
}

#[test]
fn shipped_subscribe_output() {
    insta::assert_json_snapshot!(output(&registration()));
}

/// Every sample event of Ory: what the function would be told.
#[test]
fn sample_events_have_their_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut outputs = serde_json::Map::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_of_a_vendor =
            ["mailchimp-", "mandrill-"].iter().any(|vendor| name.starts_with(vendor));
        if is_of_a_vendor || file.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let event: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let body = event["body"].as_str().unwrap();
        let is_base64 = event["isBase64Encoded"] == true;
        let body = if is_base64 { STANDARD.decode(body).unwrap() } else { body.into() };
        let output = match render(&body) {
            Ok(output) => output,
            Err(RenderError::Cancelled) => json!("cancelled"),
            Err(RenderError::Fault(fault)) => panic!("{name}: {fault}"),
        };
        outputs.insert(name, output);
    }
    insta::assert_json_snapshot!(outputs);
}

#[test]
fn only_a_boolean_is_consent() {
    for (consent, expected) in [
        (json!({"newsletter": true}), json!(true)),
        (json!({"newsletter": false}), json!(false)),
        (json!({"newsletter": "true"}), json!(null)),
        (json!({}), json!(null)),
        (json!(null), json!(null)),
        (json!(true), json!(null)),
    ] {
        let mut body = registration();
        body["identity"]["traits"]["consent"] = consent.clone();
        assert_eq!(output(&body)["consent"], expected, "{consent}");
    }
}

/// A stranger's address and a name with a link would make a spam cannon.
#[test]
fn name_that_may_hold_a_message_is_left_out() {
    for bad in
        ["see https://evil.example/", "a@b", "a.b", "*|EMAIL|*", "{{x}}", " ", &"x".repeat(41)]
    {
        let mut body = registration();
        body["identity"]["traits"]["name"] = json!({"first": bad, "last": bad});
        assert_eq!(output(&body)["member"]["merge_fields"], json!({}), "{bad}");
    }
    let mut body = registration();
    body["identity"]["traits"]["name"] = json!("Ann Lee");
    assert_eq!(output(&body)["member"]["merge_fields"], json!({"FNAME": "Ann Lee"}));
}

#[test]
fn person_without_an_address_is_cancelled() {
    let body = json!({"identity": {"id": "i", "traits": {"phone": "+491"}}}).to_string();
    assert!(matches!(render(body.as_bytes()), Err(RenderError::Cancelled)));
}

/// What a person may type, or a script may send.
fn typed() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => any::<String>().prop_map(Value::from),
        2 => prop::sample::select(vec!["ann@example.com", "x", "/", "ü", "\u{1}", "2026-01-31T11:19:30Z", "203.0.113.7"]).prop_map(Value::from),
        1 => (prop::sample::select(vec!["x", "\u{1F600}"]), 0_usize..400).prop_map(|(part, times)| json!(part.repeat(times))),
        1 => any::<f64>().prop_map(Value::from),
        1 => prop::sample::select(vec![json!(null), json!(true), json!(false)]),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Nobody can make an event that waits for an operator.
    #[test]
    fn any_sign_up_input_gives_valid_output(
        traits in prop_oneof![
            4 => (typed(), typed(), typed(), typed()).prop_map(|(email, first, last, newsletter)| json!({
                "email": email, "name": {"first": first, "last": last}, "consent": {"newsletter": newsletter},
            })),
            1 => (typed(), typed()).prop_map(|(name, consent)| json!({"email": "ann@example.com", "name": name, "consent": consent})),
            1 => typed(),
        ],
        issued_at in typed(),
        ip in typed(),
    ) {
        let mut body = registration();
        body["identity"]["traits"] = traits;
        body["flow"]["issued_at"] = issued_at;
        body["request_headers"]["True-Client-Ip"] = json!([ip]);
        match render(body.to_string().as_bytes()) {
            Ok(Value::Object(output)) => {
                let merges = output["member"]["merge_fields"].as_object().unwrap().clone();
                prop_assert!(TemplateOutput::read(output).is_ok());
                prop_assert!(merges.values().all(|value| value.as_str().unwrap().len() <= 255));
            }
            Ok(other) => prop_assert!(false, "{other}"),
            Err(RenderError::Cancelled) => {}
            Err(RenderError::Fault(fault)) => prop_assert!(false, "{fault}"),
        }
    }
}
