//! `Debug` of our types: derived only where no field can hold a person's data or a secret.
//!
//! Whoever derives it for a type with a text in it says here what the text is; a type that holds
//! anything else implements it by hand, and shows no more than it names.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use ::http::{HeaderMap, HeaderValue, header::LOCATION};
use mailchimp_inbound::{PATCH_PATHS, event, form};
use serde_json::json;
use shared::{
    answer::WebhookResponse,
    ctx::Ctx,
    deliver::DeliveryReport,
    http,
    inbound::{PatchPaths, TemplateOutput},
    outcome::Outcome,
    queue::ReceivedMessage,
    reply::Reply,
    segment::{Batch, Call, CallKind},
};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

use super::{Types, sources};
use crate::common::canaries::assert_has_no_canary;

/// Texts of types that derive `Debug`, and what they hold.
const HARMLESS: &[(&str, &str)] = &[
    ("LeaseRequest.holder", "a random name"),
    ("LeaseRequest.record_id", "a key, as records show it"),
    ("Blocked.Because.0", "a cause, as the log shows it"),
    ("CallError.Unsendable.0", "what a call lacks, or that it cannot be signed"),
    ("ConfigError.wanted", "what a variable should hold"),
    ("ContactRecord.archived", "ids of Mailchimp's"),
    ("ContactRecord.contact_id", "an id of Mailchimp's"),
    ("ContactRecord.events", "digests or Trigger-IDs"),
    ("ContactRecord.to_archive", "an id of Mailchimp's"),
    ("ContactRecord.unfinished", "a digest or a Trigger-ID"),
    ("Decoded.Unknown.kind", "a word of few letters, as the log shows it"),
    ("DeliveryReport.identity_id", "an id"),
    ("Completion.vendor_id", "the vendor's id, as records show it"),
    ("Endpoint.0", "a setting that holds no credentials"),
    ("Error.MaybeWritten.0", "the HTTP library's words, without the URL"),
    ("Error.NotWritten.0", "the HTTP library's words, without the URL"),
    ("EventError.Missing.field", "the name of a field that must be there"),
    ("EventError.TooLong.field", "the name of a field that holds an address"),
    ("FiredAtError.Format.0", "which part of a time is wrong"),
    ("FunctionArn.0", "the name of a deployment"),
    ("Lease.recipient", "a digest"),
    ("Hook.flow", "a word of the webhook's template"),
    ("Hook.method", "a word of the webhook's template"),
    ("InLane.written", "a record, which decides what it shows"),
    ("Item.holder", "a random name"),
    ("Item.recipient", "a digest"),
    ("EventId.0", "a digest or a Trigger-ID"),
    ("Mail.from_email", "a setting"),
    ("TemplateSettings.fields", "settings"),
    ("Mail.from_name", "a setting"),
    ("Mail.subject", "a setting"),
    ("KeyProblem.Refused.0", "the name of an error of Secrets Manager's"),
    ("LogEntry.cause", "what the log shows"),
    ("LogEntry.identity_id", "what the log shows"),
    ("LogEntry.event_id", "what the log shows"),
    ("LogEntry.trigger_id", "what the log shows"),
    ("Moment.event_id", "a digest"),
    ("PageToken.0", "a token of Ory's for a page"),
    ("QueueError.Unreachable.0", "the status and the name of an error of SQS'"),
    ("StoreError.Unreachable.0", "the status and the name of an error of DynamoDB's"),
    ("RequestError.cause", "a cause, as the log shows it"),
    ("SecretError.Refused.0", "the name of an error of Secrets Manager's"),
    ("SecretError.Unreachable.0", "the status and the name of an error of Secrets Manager's"),
    ("Settings.stack", "the name of a stack"),
    ("StartError.Runtime.0", "the words of the Lambda runtime"),
    ("IdempotencyKey.text", "a digest or a Trigger-ID"),
    ("Auth.Body.0", "a place in the body, not what is put there"),
    ("Auth.Query.0", "the name of a parameter"),
    ("Error.Unsendable.0", "what is wrong with a call, without its values"),
    ("Limits.fixed", "headers of a preset, none of which authenticates"),
    ("Origin.0", "a setting that holds no credentials"),
    ("Preset.auth", "a preset is a setting, and its secret is elsewhere"),
    ("Preset.description", "a setting"),
    ("Preset.duplicate", "a setting"),
    ("Preset.headers", "a setting; none of them authenticates"),
    ("Preset.idempotency_header", "a setting"),
    ("Preset.origin", "a setting"),
    ("Preset.sources", "a setting"),
    ("Preset.template", "a setting"),
    ("Preset.template_headers", "a setting"),
    ("Preset.unverified", "a setting"),
    ("Row.reason", "a setting"),
    ("Test.Contains.0", "a setting"),
    ("Test.Equals.pointer", "a setting"),
    ("Test.Equals.value", "a setting"),
    ("Test.Exists.0", "a setting"),
    ("Test.Prefix.pointer", "a setting"),
    ("Test.Prefix.value", "a setting"),
    ("Unusable.Secret.0", "what is wrong with a secret, without its value"),
    ("Writer.event_id", "a digest"),
];

/// Types of others that show nothing but numbers, times and words of their own.
const PLAIN: [&str; 27] = [
    "bool",
    "char",
    "f64",
    "i64",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "Duration",
    "Instant",
    "OffsetDateTime",
    "SystemTime",
    "Uuid",
    "Method",
    "HeaderName",
    // Nothing is in it.
    "IgnoredAny",
    "Utf8Error",
    // These redact what they hold.
    "SecretString",
    // A setting of TLS' own and a pool of connections.
    "ClientConfig",
    "RangeInclusive",
    "StatusCode",
    "HttpConnectorSettings",
    // Made by a macro.
    "Metric",
    // Errors of libraries about what is compiled in.
    "rustls::Error",
    "reqwest::Error",
];

/// Types of others that show what is in them.
const AROUND: [&str; 6] = ["Option", "Vec", "Arc", "Box", "Mutex", "Result"];

fn is_plain(of: &Type, ours: &BTreeSet<String>) -> bool {
    match of {
        Type::Path(path) => {
            let segments: Vec<_> = path.path.segments.iter().collect();
            let last = segments.last().unwrap();
            let name = last.ident.to_string();
            let qualified =
                segments.iter().map(|s| s.ident.to_string()).collect::<Vec<_>>().join("::");
            PLAIN.contains(&qualified.as_str())
                || ours.contains(&name)
                || AROUND.contains(&name.as_str())
                    && arguments(last).iter().all(|of| is_plain(of, ours))
        }
        Type::Reference(reference) => {
            let is_constant =
                reference.lifetime.as_ref().is_some_and(|life| life.ident == "static");
            is_constant || is_plain(&reference.elem, ours)
        }
        Type::Tuple(tuple) => tuple.elems.iter().all(|of| is_plain(of, ours)),
        _ => false,
    }
}

fn arguments(segment: &PathSegment) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(of) => Some(of.clone()),
        _ => None,
    });
    types.collect()
}

#[test]
fn no_type_with_personal_data_or_secrets_derives_debug() {
    let all: Vec<_> =
        sources().iter().map(|source| (source.file.clone(), Types::of(source))).collect();
    // What of ours can be shown at all has been looked at, here or at its `impl`.
    let mut ours = BTreeSet::new();
    for (_, types) in &all {
        ours.extend(
            types.types.iter().filter(|of| of.derived.contains("Debug")).map(|of| of.name.clone()),
        );
        ours.extend(
            types.by_hand.iter().filter(|(of, _)| of == "Debug").map(|(_, name)| name.clone()),
        );
    }
    let mut found = BTreeMap::new();
    for (file, types) in &all {
        for of in types.types.iter().filter(|of| of.derived.contains("Debug")) {
            for (field, of_type) in &of.fields {
                if !is_plain(of_type, &ours) {
                    found.insert(
                        format!("{}.{field}", of.name),
                        format!("{file}: {}", super::written(of_type)),
                    );
                }
            }
        }
    }
    let known: BTreeSet<_> = HARMLESS.iter().map(|(field, _)| (*field).to_owned()).collect();
    let unknown: Vec<_> = found.iter().filter(|(field, _)| !known.contains(*field)).collect();
    assert!(unknown.is_empty(), "these may show what nobody may see: {unknown:#?}");
    let gone: Vec<_> = known.iter().filter(|field| !found.contains_key(*field)).collect();
    assert!(gone.is_empty(), "there are no such fields any more: {gone:#?}");
}

/// What implements it by hand, over a person and a secret.
#[test]
fn manual_debug_impls_redact_canaries() {
    let person = json!({"email": "ann.canary@example.com", "token": "magpie"});
    let identity = json!({"id": "i", "traits": person, "metadata_public": {}});
    let ctx = json!({"hook": {"flow": "settings"}, "identity": identity});
    let ctx = Ctx::decode(ctx.to_string().as_bytes()).unwrap().sanitize();
    let message = json!({"id": 1, "type": "error", "text": "canary"});
    let replies = [
        json!({"identity": {"traits": {"name": "canary"}}}),
        json!({"messages": [{"instance_ptr": "#/", "messages": [message]}]}),
    ];
    let patch = json!([
        {"op": "add", "path": "/metadata_public/mailchimp/canary", "value": person},
        {"op": "remove", "path": "/metadata_public/mailchimp/canary"},
    ]);
    let result = json!({"ory": {"patch": patch}, "segment": {"userId": "canary"}});
    let result = result.as_object().unwrap().clone();
    let form = b"type=unsubscribe&fired_at=2026-01-31+11:19:37&data[list_id]=l&data[action]=canary\
        &data[reason]=canary&data[email]=canary@example.com&data[merges][FNAME]=canary";
    let decoded = event::read(&form::decode(form).unwrap()).unwrap();
    let mail = json!({
        "email": "canary@example.com", "state": "canary", "bounce_description": "canary",
        "reject": "canary", "metadata": {"ory_key": "canary"},
    });
    let mails = json!([{"event": "hard_bounce", "_id": "canary", "ts": 1, "msg": mail}]);
    let mails = mandrill_inbound::event::read(mails.to_string().as_bytes()).unwrap();
    assert_eq!(mails.stored.len(), 1);
    let url = "https://example.com/canary?canary=magpie".parse().unwrap();
    let request = http::Request::post_json(url, person.to_string(), Duration::ZERO)
        .bearer(&"magpie".to_owned().into());
    let answer = http::Response {
        status: 200,
        headers: HeaderMap::from_iter([(LOCATION, HeaderValue::from_static("canary"))]),
        body: person.to_string().into(),
    };
    let received = ReceivedMessage { body: person.to_string(), ..ReceivedMessage::default() };
    let mut shown = vec![
        format!("{:?}", Outcome::delivered(person.clone())),
        format!("{:?}", DeliveryReport::from(Outcome::delivered(person.clone()))),
        format!("{:?}", WebhookResponse::json(200, person.clone())),
        format!(
            "{:?}",
            TemplateOutput::of(result.clone(), &PatchPaths::parse(PATCH_PATHS).unwrap()).unwrap()
        ),
        format!("{:?}", Batch::from(Call { kind: CallKind::Track, body: result.clone() })),
        format!("{decoded:?} {mails:?} {request:?} {answer:?} {received:?}"),
    ];
    shown.extend(replies.iter().map(|reply| format!("{:?}", Reply::build(reply, &ctx).unwrap())));
    for shown in shown {
        assert!(!shown.is_empty());
        assert_has_no_canary("Debug", &shown);
    }
}
