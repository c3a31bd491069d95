use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use insta::assert_snapshot;
use secrecy::SecretString;
use serde_json::Value;
use shared::{
    clock::{Clock, VirtualClock},
    ctx::{Ctx, TemplateSettings},
    deliver::Rendered,
    http::{Request, Response},
    outcome::Outcome,
    template::{Source, Template},
};
use time::macros::datetime;

use super::*;
use crate::{
    call::{Call, Limits},
    config::target,
    origin::Origin,
    request::Target,
};

/// A secret of the kind that the preset wants.
fn secret(preset: &Preset) -> SecretString {
    let text = match preset.auth.as_str() {
        "path" => "https://hooks.slack.com/services/T000/B000/XXXX",
        "basic" => "site:key",
        "signature" => "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        _ => "the-token",
    };
    text.to_owned().into()
}

fn target_of(preset: &Preset) -> (Target, Limits) {
    let origin = preset.origin.as_deref().unwrap_or("https://vendor.example/base");
    target(preset, Origin::parse(origin, false).unwrap()).unwrap()
}

fn sample(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(file);
    let event: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let ctx = Ctx::decode(event["body"].as_str().unwrap().as_bytes()).unwrap().sanitize();
    ctx.for_template(&TemplateSettings::default())
}

/// The request for a sample event.
async fn request(shipped: &Shipped, file: &str) -> Option<Request> {
    let preset = shipped.preset().unwrap();
    let template = Template::prepare(Source::shipped(shipped.name, shipped.template)).unwrap();
    let rendered = template.render(vec![("ctx", sample(file))]).await.ok()?;
    let rendered: Rendered = serde_json::from_value(rendered).unwrap();
    let (target, limits) = target_of(&preset);
    let call = Call::read(&rendered, &limits, "0123456789abcdef0123456789abcdef").unwrap();
    let now = VirtualClock::starting_at(datetime!(2026-01-02 03:04:05 UTC)).now();
    Some(target.request(&call, &secret(&preset), now, Duration::from_secs(1)).unwrap())
}

fn shown(request: &Request) -> String {
    let mut lines = vec![format!("{} {}", request.method, request.url)];
    let mut headers: Vec<_> = request.headers.iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let text = |(name, value): (&HeaderName, &http::HeaderValue)| {
        format!("{name}: {}", value.to_str().unwrap_or_default())
    };
    lines.extend(headers.into_iter().map(text));
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    lines.push(format!("{body:#}"));
    lines.join("\n")
}

#[tokio::test]
async fn shipped_preset_makes_this_call_of_a_registration() {
    for shipped in SHIPPED {
        let request = request(shipped, "registration.json").await.unwrap();
        assert_snapshot!(shipped.name, shown(&request));
    }
}

/// A name with markup and an address of somebody else is data, and stays where it belongs.
#[tokio::test]
async fn hostile_name_changes_neither_the_host_nor_the_path() {
    for shipped in SHIPPED {
        let usual = request(shipped, "registration.json").await.unwrap();
        let Some(hostile) = request(shipped, "registration-hostile-name.json").await else {
            continue;
        };
        assert_eq!(hostile.url.origin(), usual.url.origin(), "{}", shipped.name);
        let depth = |request: &Request| request.url.path().split('/').count();
        assert_eq!(depth(&hostile), depth(&usual), "{}", shipped.name);
        assert_eq!(hostile.headers.len(), usual.headers.len(), "{}", shipped.name);
    }
}

fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: HeaderMap::new(), body: body.to_owned().into() }
}

/// What each vendor's documentation shows, and what came of it.
#[test]
fn answers_of_the_vendors_have_these_outcomes() {
    let table = [
        ("hubspot", 200, r#"{"status":"COMPLETE","results":[{"id":"1","new":true}]}"#, "delivered"),
        ("hubspot", 200, r#"{"numErrors":0,"results":[{"id":"1"}]}"#, "delivered"),
        ("hubspot", 207, r#"{"numErrors":1,"errors":[{"message":"x"}],"results":[]}"#, "blocked"),
        ("hubspot", 200, r#"{"numErrors":1,"results":[]}"#, "blocked"),
        ("hubspot", 207, r#"{"errors":[{"message":"x"}],"results":[]}"#, "blocked"),
        ("hubspot", 400, r#"{"message":"[{\"error\":\"INVALID_EMAIL\"}]"}"#, "rejected"),
        ("hubspot", 400, r#"{"message":"PROPERTY_DOESNT_EXIST"}"#, "blocked"),
        ("hubspot", 401, "", "blocked"),
        ("hubspot", 429, "", "try_later"),
        ("customer-io", 200, "{}", "delivered"),
        ("customer-io", 301, "", "blocked"),
        ("customer-io", 400, r#"{"meta":{"error":"x"}}"#, "blocked"),
        ("customer-io-eu", 401, r#"{"meta":{"error":"Unauthorized request"}}"#, "blocked"),
        ("braze", 201, r#"{"message":"success","attributes_processed":1}"#, "delivered"),
        ("braze", 201, r#"{"message":"success","errors":[{"type":"x","index":0}]}"#, "rejected"),
        ("braze", 201, r#"{"message":"success","errors":[]}"#, "delivered"),
        ("braze", 200, r#"{"message":"No message to send"}"#, "blocked"),
        ("braze", 400, r#"{"message":"Bad syntax"}"#, "blocked"),
        ("braze", 429, "", "try_later"),
        ("slack", 200, "ok", "delivered"),
        ("slack", 200, r#"{"ok":false,"error":"invalid_auth"}"#, "blocked"),
        ("slack", 400, "invalid_payload", "blocked"),
        ("slack", 403, "action_prohibited", "blocked"),
        ("slack", 404, "no_service", "blocked"),
        ("slack", 410, "channel_is_archived", "blocked"),
        ("slack", 429, "", "try_later"),
        ("slack", 500, "rollup_error", "try_later"),
        ("slack", 502, "<html>", "in_doubt"),
        ("intercom", 200, r#"{"type":"contact","id":"6"}"#, "delivered"),
        ("intercom", 409, r#"{"type":"error.list","errors":[{"code":"conflict"}]}"#, "delivered"),
        ("intercom", 400, r#"{"type":"error.list"}"#, "blocked"),
        ("intercom", 401, r#"{"type":"error.list"}"#, "blocked"),
        ("webhook", 204, "", "delivered"),
        ("webhook", 410, "", "blocked"),
        ("webhook", 422, "", "rejected"),
        ("webhook", 503, "", "try_later"),
    ];
    for (name, status, body, expected) in table {
        let outcomes = Shipped::named(name).unwrap().preset().unwrap().outcomes;
        assert_eq!(
            outcomes.classify(&answer(status, body)).word(),
            expected,
            "{name} {status} {body}"
        );
    }
}

#[test]
fn wrong_region_of_customer_io_is_named() {
    let other = [("customer-io", "customer-io-eu"), ("customer-io-eu", "customer-io")];
    for (name, other) in other {
        let outcomes = Shipped::named(name).unwrap().preset().unwrap().outcomes;
        let outcome = outcomes.classify(&answer(307, ""));
        assert!(outcome.cause().unwrap().ends_with(other), "{name}: {outcome:?}");
    }
}

#[test]
fn only_what_nobody_would_see_twice_is_repeated() {
    for shipped in SHIPPED {
        let preset = shipped.preset().unwrap();
        let is_hold = preset.on_in_doubt == OnInDoubt::Hold;
        assert_eq!(is_hold, shipped.name == "slack", "{}", shipped.name);
        assert!(!preset.sources.is_empty() && !preset.duplicate.is_empty());
        assert!(preset.template.is_none(), "it is in a file beside");
    }
}

#[test]
fn preset_with_a_wrong_field_is_refused() {
    let good = Shipped::named("hubspot").unwrap().json;
    assert!(Preset::parse(good).is_ok());
    let with = |field: &str, value: Value| {
        let mut preset: Value = serde_json::from_str(good).unwrap();
        preset[field] = value;
        Preset::parse(&preset.to_string())
    };
    for (field, value) in [
        ("auth", "digest".into()),
        ("auth", "header:Host".into()),
        ("auth", "body:token".into()),
        ("auth", "query:a b".into()),
        ("headers", serde_json::json!({"Authorization": "x"})),
        ("headers", serde_json::json!({"X-A": "a\nb"})),
        ("template_headers", serde_json::json!(["Cookie"])),
        ("idempotency_header", "Authorization".into()),
        ("on_in_doubt", "guess".into()),
        ("outcomes", serde_json::json!([{"status": "2xx"}])),
        ("more", 1.into()),
    ] {
        assert!(with(field, value.clone()).is_err(), "{field}: {value}");
    }
}

#[test]
fn retried_outcome_is_never_settled() {
    let outcome =
        Shipped::named("slack").unwrap().preset().unwrap().outcomes.classify(&answer(504, ""));
    assert!(matches!(outcome, Outcome::InDoubt { .. }));
}

/// The schema that editors read has the fields of a preset, and requires the same ones.
#[test]
fn schema_for_editors_has_the_same_fields() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/preset.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    // serde names all fields of a type when it meets one that is not among them.
    let told = Preset::parse(r#"{"no such field":1}"#).unwrap_err().to_string();
    let fields = told.split('`').skip(3).step_by(2).map(str::to_owned);
    let described = names(&schema["properties"]);
    assert_eq!(fields.collect::<BTreeSet<_>>(), described, "{told}");

    let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
    for shipped in SHIPPED {
        let preset: Value = serde_json::from_str(shipped.json).unwrap();
        assert!(names(&preset).is_subset(&described), "{}", shipped.name);
        for field in names(&preset) {
            let mut without = preset.clone();
            without.as_object_mut().unwrap().remove(&field);
            let is_optional = Preset::parse(&without.to_string()).is_ok();
            assert_eq!(is_optional, !required.contains(&&Value::from(&*field)), "{field}");
        }
    }
}
