//! The sample events, with a canary in every field that a caller can fill in and in every secret.

use base64::{Engine, engine::general_purpose::STANDARD};
use ory_actions::up::samples::Sample;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::form_urlencoded;
use uuid::Uuid;

use super::WEBHOOK_KEY;
use crate::common::canaries::{CANARY, IP, SECRET};

/// The address of the sample that comes before its identity is saved.
pub(super) const BOUNCING: &str = "dean.canary@example.com";

/// Words of Ory's own, on which it depends what comes of an event.
const ORY_S_WORDS: [&str; 8] =
    ["flow", "method", "schema_id", "state", "status", "type", "via", "when"];

/// What is dropped before anything is stored.
const SECRETS: [&str; 6] = [
    "continue_with",
    "credentials",
    "oauth2_login_challenge",
    "request_cookies",
    "session_token_exchange_code",
    "ui",
];

/// URLs whose query may hold a token.
const WITH_TOKENS: [&str; 2] = ["request_url", "return_to"];

/// The fields of Mailchimp's whose words matter.
const MAILCHIMP_S_WORDS: [&str; 5] =
    ["type", "data[action]", "data[list_id]", "data[merges][ORY_ID]", "data[reason]"];

/// The `n`-th event, of this sample, in which this is to go wrong.
pub(super) fn of_ory(sample: &Sample, n: usize, fault: &str) -> Value {
    let mut envelope: Value = serde_json::from_str(sample.json()).unwrap();
    let mut body: Value = serde_json::from_slice(&body_of(&envelope)).unwrap();
    let is_wrapped = body.get("ctx").is_some();
    let ctx = if is_wrapped { &mut body["ctx"] } else { &mut body };
    mark(ctx, CANARY);
    add_what_ory_may_send(ctx, fault);
    let id = &mut ctx["identity"]["id"];
    if id.as_str().is_some_and(|id| Uuid::try_parse(id).is_ok_and(|id| !id.is_nil())) {
        *id = json!(format!("{n:08}-1111-4111-8111-000000000001"));
    }
    put_body(&mut envelope, body.to_string().into_bytes());
    mark_envelope(&mut envelope);
    envelope["headers"]["authorization"] = json!(WEBHOOK_KEY);
    envelope["headers"]["ory-webhook-trigger-id"] =
        json!(format!("{n:08}-2222-4222-8222-000000000001"));
    envelope
}

/// The same of Mailchimp's, each fired later than the one before.
pub(super) fn of_mailchimp(sample: &Sample, n: usize, fault: &str) -> Value {
    let mut envelope: Value = serde_json::from_str(sample.json()).unwrap();
    let body = body_of(&envelope);
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(&body) {
        let value = match &*name {
            "fired_at" => format!("2026-01-31 {:02}:{:02}:{:02}", n / 3600, n / 60 % 60, n % 60),
            name if MAILCHIMP_S_WORDS.contains(&name) || value.is_empty() => value.into_owned(),
            name if name.contains("ip_") => IP.to_owned(),
            _ => marked(&value, CANARY),
        };
        form.append_pair(&name, &value);
    }
    if !body.is_empty() {
        form.append_pair("data[canary]", CANARY).append_pair("data[FAULT]", fault);
        put_body(&mut envelope, form.finish().into_bytes());
    }
    mark_envelope(&mut envelope);
    envelope["rawQueryString"] = json!(format!("secret={WEBHOOK_KEY}&canary={CANARY}"));
    envelope
}

/// Somebody as Ory knows them.
pub(super) fn identity(mut person: Value) -> Value {
    mark(&mut person, CANARY);
    person["metadata_public"] = json!({"canary": CANARY});
    person["metadata_admin"] = json!({"canary": CANARY});
    person["traits"]["name"] = json!(CANARY);
    // By this they are found.
    let identifiers = &mut person["credentials"]["password"]["identifiers"];
    *identifiers = json!([person_address(&identifiers[0])]);
    person
}

fn person_address(marked_as_a_secret: &Value) -> String {
    marked_as_a_secret.as_str().unwrap().replace(SECRET, CANARY)
}

fn body_of(envelope: &Value) -> Vec<u8> {
    let body = envelope["body"].as_str().unwrap_or_default();
    if envelope["isBase64Encoded"] == true {
        STANDARD.decode(body).unwrap()
    } else {
        body.as_bytes().to_vec()
    }
}

fn put_body(envelope: &mut Value, body: Vec<u8>) {
    envelope["body"] = if envelope["isBase64Encoded"] == true {
        json!(STANDARD.encode(body))
    } else {
        json!(String::from_utf8(body).unwrap())
    };
}

fn mark_envelope(envelope: &mut Value) {
    let headers = &mut envelope["headers"];
    headers["user-agent"] = json!(CANARY);
    headers["x-forwarded-for"] = json!(IP);
    headers["x-canary"] = json!(format!("{CANARY} {SECRET}"));
    headers["cookie"] = json!(format!("session={SECRET}"));
    envelope["cookies"] = json!([format!("session={SECRET}"), format!("{CANARY}={SECRET}")]);
    envelope["rawPath"] = json!(format!("/{CANARY}"));
    let http = &mut envelope["requestContext"]["http"];
    http["path"] = json!(format!("/{CANARY}"));
    http["sourceIp"] = json!(IP);
    http["userAgent"] = json!(CANARY);
}

fn mark(value: &mut Value, with: &str) {
    match value {
        Value::String(text) if !is_ory_s(text) => *text = marked(text, with),
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, with)),
        Value::Object(members) => mark_members(members, with),
        _ => {}
    }
}

fn mark_members(members: &mut Map<String, Value>, with: &str) {
    for (name, value) in members {
        let with = if SECRETS.contains(&name.as_str()) { SECRET } else { with };
        if with == SECRET || !(value.is_string() && ORY_S_WORDS.contains(&name.as_str())) {
            mark(value, with);
        }
        if let (true, Value::String(url)) = (WITH_TOKENS.contains(&name.as_str()), value) {
            let joint = if url.contains('?') { '&' } else { '?' };
            *url = format!("{url}{joint}token={SECRET}#{SECRET}");
        }
    }
}

/// An id or a time, which nobody chose.
fn is_ory_s(text: &str) -> bool {
    Uuid::try_parse(text).is_ok() || OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

/// Behind what it begins with, as that decides what comes of it.
fn marked(text: &str, with: &str) -> String {
    match text.split_once('@') {
        Some((local, domain)) => format!("{local}.{with}@{domain}"),
        None => format!("{text} {with}"),
    }
}

/// What stands in few of the samples.
fn add_what_ory_may_send(ctx: &mut Value, fault: &str) {
    ctx["request_cookies"] = json!({"session": SECRET, SECRET: CANARY});
    ctx["request_headers"] = json!({
        "Authorization": [SECRET], "Cookie": [SECRET], "True-Client-Ip": [IP],
        "User-Agent": [CANARY], "Referer": [format!("https://example.com/{CANARY}?utm_source=a;a={SECRET}")],
        "X-Api-Key": [SECRET], "Ory-Base-Url-Rewrite-Token": [SECRET],
    });
    ctx["flow"]["continue_with"] = json!([{"action": SECRET}]);
    ctx["flow"]["session_token_exchange_code"] = json!(SECRET);
    ctx["identity"]["credentials"] = json!({"password": {"config": SECRET}});
    ctx["transient_payload"] = json!({"fault": fault, "canary": CANARY});
}
