//! Each shipped template with each hostile value in each field.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fakes::ory::person;
use integration::hostile;
use mailchimp_inbound::{
    PATCH_PATHS,
    event::{self, Decoded},
    form,
};
use mandrill_welcome::Mail;
use ory_actions::up::samples::SAMPLES;
use regex_lite::Regex;
use serde_json::{Map, Value, json};
use shared::{
    ctx::{Ctx, SanitizedCtx},
    deliver::EventFacts,
    inbound::{PatchPaths, PersonEvent, TemplateOutput, template_argument},
    segment,
    template::{RenderError, Source, Template},
};
use time::OffsetDateTime;

use super::{
    mail,
    places::{self, ann_in_full},
};
use crate::mandrill_inbound::events::event as event_of_mandrill;

/// The longest text of a mail that the function takes, in bytes.
const MOST_OF_A_MAIL: usize = 254;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The templates that ship, by their names: whatever lies beside a function, an example, or in
/// `shared/`.
fn shipped() -> Vec<(String, Source)> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let root = repository();
    let folders = ["functions", "examples"].map(|name| root.join(name));
    let crates = folders.into_iter().flat_map(files).chain([root.join("shared")]);
    let templates = crates.filter(|path| path.is_dir()).flat_map(files);
    let templates = templates.filter(|path| path.extension().is_some_and(|kind| kind == "jsonnet"));
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let source = Source::shipped(&name, &fs::read_to_string(path).unwrap());
        (name, source)
    };
    let mut all: Vec<_> = templates.map(named).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all
}

fn source(name: &str) -> Source {
    shipped().into_iter().find(|(found, _)| found == name).unwrap().1
}

/// A new template belongs into one of the tests below.
#[test]
fn every_shipped_template_is_tested_with_hostile_values() {
    let names: Vec<_> = shipped().into_iter().map(|(name, _)| name).collect();
    let played = [
        "contact.jsonnet",
        "forward.jsonnet",
        "identify.jsonnet",
        "inbound.jsonnet",
        "mandrill-event.jsonnet",
        "subscribe.jsonnet",
        "welcome.jsonnet",
    ];
    assert_eq!(names, played);
}

/// A field that a template reads and nobody puts anything into would be a place left out.
#[test]
fn every_field_read_by_a_template_is_tested() {
    let read = Regex::new(r"[gG]et\([^']*?'(\w+)'").unwrap();
    let there = ann_in_full().to_string();
    // A welcome reads the flow and the id: what else it needs of the identity, the function has read.
    for (name, most) in [
        ("contact.jsonnet", 3),
        ("identify.jsonnet", 3),
        ("subscribe.jsonnet", 5),
        ("welcome.jsonnet", 2),
    ] {
        let template = source(name);
        let fields: Vec<_> =
            read.captures_iter(template.code()).map(|found| found[1].to_owned()).collect();
        assert!(fields.len() >= most, "{name}");
        for field in fields {
            assert!(there.contains(&format!("\"{field}\":")), "{name} reads {field}");
        }
    }
}

/// Renders a template over each value at each place. Nothing that an unauthenticated caller sends
/// is a fault of the template's: that would be an alarm, and an event that waits for somebody to
/// act.
async fn over_all(
    source: Source,
    ctx: Value,
    given: impl Fn(Value) -> Value,
    values: &[Value],
    places: &[String],
    check: impl Fn(Value, &Value),
) {
    let template = Template::prepare(source).unwrap();
    for place in places {
        for value in values {
            let ctx = given(places::with(&ctx, place, value));
            match template.render(vec![("ctx", ctx)]).await {
                Ok(result) => check(result, value),
                Err(RenderError::Cancelled) => {}
                Err(RenderError::Fault(fault)) => {
                    panic!("{fault}: {} at {place}", mail::shortened(value))
                }
            }
        }
    }
}

/// The same over Ann's ctx.
async fn over_ann(source: Source, check: impl Fn(Value, &Value)) {
    let ctx = Ctx::decode(ann_in_full().to_string().as_bytes()).unwrap().sanitize();
    let ctx = ctx.as_value().clone();
    let places = places::of(&ctx);
    assert!(places.len() > 10, "{places:?}");
    let settings = Mail::sample().for_shipped_template();
    let given = |ctx| serde_json::from_value::<SanitizedCtx>(ctx).unwrap().for_template(&settings);
    over_all(source, ctx, given, &hostile::values(), &places, check).await;
}

fn facts() -> EventFacts<'static> {
    let idempotency_key = "0123456789abcdef0123456789abcdef";
    EventFacts { idempotency_key, identity_id: None, received_at: OffsetDateTime::UNIX_EPOCH }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("no object: {value}") };
    object
}

#[tokio::test]
async fn welcome_template_outputs_no_injected_content() {
    over_ann(source("welcome.jsonnet"), is_a_harmless_mail).await;
}

/// Its author relies on what the function gives, and on nothing else but to escape in HTML.
#[tokio::test]
async fn a_mail_of_a_custom_template_carries_no_typed_message() {
    over_ann(Source::shipped("own.jsonnet", mail::OWN_TEMPLATE), is_a_harmless_mail).await;
}

fn is_a_harmless_mail(result: Value, typed: &Value) {
    let mut result = object(result);
    result.remove("idempotency_key");
    let call = mandrill_welcome::Call::prepare(result, &facts()).unwrap();
    mail::is_harmless(&call.body["message"], typed);
}

/// Texts of a person, as they were typed, and nothing else: a warehouse takes the kind of a column
/// from what it sees in it.
fn are_short_texts<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a Value)>,
    most: usize,
    typed: &Value,
) {
    for (name, value) in fields {
        let is_fit = value.as_str().is_some_and(|text| text.chars().count() <= most);
        assert!(is_fit, "{name}: {}", mail::shortened(typed));
    }
}

#[tokio::test]
async fn identify_template_outputs_strings_where_expected() {
    over_ann(source("identify.jsonnet"), |result, typed| {
        is_a_fit_identify(&result, typed);
        if let Err(unfit) = segment::Call::prepare(object(result), &facts(), "test") {
            panic!("{unfit:?}: {}", mail::shortened(typed));
        }
    })
    .await;
}

/// What Segment would be told of somebody who signed up.
pub(super) fn is_a_fit_identify(call: &Value, typed: &Value) {
    assert_eq!(call["userId"], ann_in_full()["identity"]["id"]);
    let traits = call["traits"].as_object().into_iter().flatten();
    let texts = traits.filter(|(name, _)| *name != "newsletterConsent");
    are_short_texts(texts.map(|(name, value)| (name.as_str(), value)), 2001, typed);
    let has_consented = call["traits"]["newsletterConsent"] == true;
    let is_kept_from_mailchimp = call["integrations"]["MailChimp"] == false;
    assert_eq!(has_consented, !is_kept_from_mailchimp, "{}", mail::shortened(typed));
}

#[tokio::test]
async fn crm_contact_template_outputs_strings_only() {
    over_ann(source("contact.jsonnet"), |result, typed| {
        let properties = result["properties"].as_object().unwrap().iter();
        let texts = properties.map(|(name, value)| (name.as_str(), value));
        are_short_texts(texts.chain([("email", &result["email"])]), 254, typed);
    })
    .await;
}

#[tokio::test]
async fn subscribe_template_outputs_a_valid_contact_without_a_message() {
    over_ann(source("subscribe.jsonnet"), |result, typed| {
        let output = mailchimp_subscribe::TemplateOutput::read(object(result)).unwrap();
        let merges = output.fields["merge_fields"].as_object().unwrap().iter();
        let texts = merges.map(|(name, value)| (name.as_str(), value));
        are_short_texts(texts.clone(), 40, typed);
        for (name, text) in texts {
            let text = text.as_str().unwrap_or_default();
            assert!(!text.contains(['/', ':', '@', '.', '|', '{']), "{name}: {text}");
        }
    })
    .await;
}

/// It sends Ory's data to ourselves, and keeps it as it is.
#[tokio::test]
async fn forwarded_ctx_is_valid_for_any_input() {
    over_ann(source("forward.jsonnet"), |result, _| {
        Ctx::decode(result.to_string().as_bytes()).unwrap();
    })
    .await;
}

/// What a form's fields may hold at all: text, or branches of texts where a merge field is one.
fn branches() -> Vec<Value> {
    let values = hostile::values().into_iter();
    values.filter(|value| value.is_object() && !value.to_string().contains(['1', '5'])).collect()
}

#[tokio::test]
async fn form_fields_change_only_their_own_targets() {
    let texts: Vec<_> = hostile::texts().into_iter().map(Value::from).collect();
    let mut forms = 0;
    for sample in SAMPLES.iter().filter(|sample| sample.function == "mailchimp-inbound") {
        let body = sample.event().unwrap().body().unwrap();
        let decoded = form::decode(&body).ok().and_then(|form| event::read(&form).ok());
        let Some(Decoded::Event(event)) = decoded else { continue };
        let somebody = event.address().map(|address| person("the-id", address));
        let ctx = template_argument(&event, somebody.as_ref());
        let typed = places::below(&ctx["event"]["data"], "/event/data");
        let is_text = |place: &&String| ctx.pointer(place).is_some_and(Value::is_string);
        let places: Vec<_> = typed.iter().filter(is_text).cloned().collect();
        let merges: Vec<_> =
            typed.iter().filter(|place| place.contains("/merges/")).cloned().collect();
        let check = is_fit_for_ory_and_segment;
        let as_it_is = std::convert::identity;
        over_all(source("inbound.jsonnet"), ctx.clone(), as_it_is, &texts, &places, check).await;
        over_all(source("inbound.jsonnet"), ctx, as_it_is, &branches(), &merges, check).await;
        forms += 1;
    }
    assert!(forms > 6);
}

/// A mail has an address that somebody typed, and an identity whatever its owner did.
#[tokio::test]
async fn mail_events_change_only_the_mark_and_consent_of_any_identity() {
    let texts = hostile::texts().into_iter().filter(|text| text.len() <= MOST_OF_A_MAIL);
    let texts: Vec<_> = texts.map(Value::from).collect();
    let values = hostile::values();
    let as_it_is = std::convert::identity;
    for kind in ["hard_bounce", "delivered", "reject", "spam"] {
        let list = json!([event_of_mandrill(kind, 0)]).to_string();
        let [event] =
            mandrill_inbound::event::read(list.as_bytes()).unwrap().stored.try_into().unwrap();
        let mut somebody = person("the-id", "ann@example.com");
        somebody["metadata_public"]["mandrill"]["undeliverable"] =
            json!({"address": "ann@example.com", "reason": "bad_mailbox"});
        let ctx = template_argument(&event, Some(&somebody));
        let of_mail = places::below(&ctx["event"]["msg"], "/event/msg");
        let mut of_identity = places::below(&ctx["identity"], "/identity");
        of_identity.retain(|place| !["/identity", "/identity/id"].contains(&place.as_str()));
        assert!(of_mail.len() > 3 && of_identity.len() > 20, "{of_mail:?} {of_identity:?}");
        let template = || source("mandrill-event.jsonnet");
        over_all(template(), ctx.clone(), as_it_is, &texts, &of_mail, is_a_mark_or_consent).await;
        over_all(template(), ctx, as_it_is, &values, &of_identity, is_a_mark_or_consent).await;
    }
}

fn is_a_mark_or_consent(result: Value, typed: &Value) {
    let paths = PatchPaths::parse(mandrill_inbound::PATCH_PATHS).unwrap();
    let result = TemplateOutput::of(object(result), &paths).unwrap();
    let patch = serde_json::to_value(&result.patch).unwrap();
    let [operation] = patch.as_array().unwrap().as_slice() else { panic!("{patch}") };
    let value = &operation["value"];
    let is_consent = operation["path"] == "/traits/consent/newsletter" && *value == false;
    let is_text = |name| value[name].as_str().is_some_and(|text| text.len() <= MOST_OF_A_MAIL);
    let is_mark = operation["path"] == "/metadata_public/mandrill/undeliverable"
        && (operation["op"] == "remove" || is_text("address") && is_text("reason"));
    assert!(is_consent || is_mark, "{operation}: {}", mail::shortened(typed));
    let call = result.segment.unwrap().unwrap();
    assert_eq!(call["userId"], "the-id");
    assert!(call["traits"].as_object().unwrap().values().all(Value::is_boolean));
    if let Err(unfit) = segment::Call::prepare(call, &facts(), "test") {
        panic!("{unfit:?}: {}", mail::shortened(typed));
    }
}

fn is_fit_for_ory_and_segment(result: Value, typed: &Value) {
    let result =
        TemplateOutput::of(object(result), &PatchPaths::parse(PATCH_PATHS).unwrap()).unwrap();
    for operation in serde_json::to_value(&result.patch).unwrap().as_array().unwrap() {
        let (path, value) = (&operation["path"], &operation["value"]);
        let is_consent = path == "/traits/consent/newsletter" && value.is_boolean();
        let is_address = path == "/metadata_public/mailchimp/undeliverable" && value.is_string();
        assert!(is_consent || is_address, "{operation}");
    }
    if let Ok(Some(call)) = result.segment {
        assert_eq!(
            (&call["userId"], &call["integrations"]["MailChimp"]),
            (&Value::from("the-id"), &Value::from(false))
        );
        let traits = call["traits"].as_object().unwrap().iter();
        let texts = traits.filter(|(name, _)| *name != "newsletterConsent" && *name != "email");
        are_short_texts(texts.map(|(name, value)| (name.as_str(), value)), 1000, typed);
        if let Err(unfit) = segment::Call::prepare(call, &facts(), "test") {
            panic!("{unfit:?}: {}", mail::shortened(typed));
        }
    }
}
