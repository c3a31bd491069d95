//! The output of a relay's template: `{"result": …}`, with `origin`, `auth`, `headers`,
//! `template_headers` and `idempotency_header` if they are not the default ones.
//!
//! Checks: a call has the configured origin and stays below its base path, as the URL standard reads
//! it, and as a server reads it that decodes it time and again; it carries the path, the query and the
//! body of the template unchanged; no header authenticates, frames or routes, or has a control
//! character; and the secret is in its place once, and nowhere else.
#![no_main]

use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use relay::{
    Origin, Preset,
    preview::{Unusable, request},
};
use serde_json::{Map, Value, json};
use shared::http::Request;
use url::{Host, Url};

const ORIGIN: &str = "https://vendor.example/v1/base/";
/// No input holds it.
const SECRET: &str = "magpie:0123456789abcdef";
const SIGNING_KEY: &str = "whsec_bWFncGllOjAxMjM0NTY3ODlhYmNkZWY=";

/// What connects, frames or routes a message, by RFC 9110 and RFC 9112.
const FRAMING: [&str; 12] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fuzz_target!(|input: &[u8]| {
    let Ok(input) = serde_json::from_slice::<Value>(input) else { return };
    let Some(result) = input["result"].as_object() else { return };
    if shows_secret(&input.to_string()) {
        return;
    }
    let configured = input["origin"].as_str().unwrap_or(ORIGIN);
    let Ok(origin) = Origin::parse(configured, false) else { return };
    let base = Url::parse(configured).expect("a URL");
    assert!(is_public(&base));
    let Ok(preset) = Preset::parse(&preset(&input).to_string()) else { return };
    let (kind, argument) = preset.auth.split_once(':').unwrap_or((&preset.auth, ""));
    let secret = match kind {
        "path" => format!("/services/{SECRET}"),
        "signature" => SIGNING_KEY.to_owned(),
        _ => SECRET.to_owned(),
    };
    match request(&preset, origin, result, &secret.into()) {
        Ok(request) => {
            check_url(&request.url, &base);
            check_path(&request.url, &base, result.get("path").unwrap_or(&Value::Null));
            check_query(&request.url, result, (kind == "query").then_some(argument));
            check_headers(&request, &preset, kind, argument);
            check_body(&request.body, result, (kind == "body").then_some(argument));
            check_secret(&request, kind);
        }
        Err(Unusable::Output(rule)) => assert!(!rule.is_empty()),
        // The base path and the path of the secret are long together.
        Err(other) => assert!(!shows_secret(&format!("{other} {other:?}")), "{other}"),
    }
});

fn preset(input: &Value) -> Value {
    let mut preset = json!({
        "description": "x", "sources": [], "auth": "bearer", "on_in_doubt": "repeat",
        "duplicate": "x",
    });
    for field in ["auth", "headers", "template_headers", "idempotency_header"] {
        if let Some(value) = input.get(field) {
            preset[field] = value.clone();
        }
    }
    preset
}

fn is_public(url: &Url) -> bool {
    let is_global = match url.host() {
        Some(Host::Domain(name)) => name.contains('.'),
        Some(Host::Ipv4(it)) => !(it.is_loopback() || it.is_private() || it.is_link_local()),
        Some(Host::Ipv6(it)) => {
            let is_inside = it.is_loopback() || it.is_unique_local();
            !is_inside && !it.is_unicast_link_local() && it.to_ipv4().is_none()
        }
        None => false,
    };
    is_global && url.scheme() == "https" && url.port().is_none() && url.username().is_empty()
}

/// The segments of a path, without an empty one at its end.
fn segments(url: &Url) -> Vec<&str> {
    let mut segments: Vec<_> = url.path_segments().expect("a base").collect();
    segments.pop_if(|last| last.is_empty());
    segments
}

/// Decodes both, until nothing changes.
fn check_url(url: &Url, base: &Url) {
    let origin = base.origin();
    let parse = |path: &str| Url::parse(&format!("{}{path}", origin.ascii_serialization()));
    assert_eq!((url.origin(), url.fragment()), (base.origin(), None));
    assert!(url.username().is_empty() && url.password().is_none());
    let (mut path, mut below) = (url.path().to_owned(), base.path().to_owned());
    loop {
        let (read, parent) = (parse(&path).expect("a URL"), parse(&below).expect("a URL"));
        assert_eq!(read.origin(), origin, "{path}");
        assert!(segments(&read).starts_with(&segments(&parent)), "{path} is not below {below}");
        assert!(segments(&read).iter().all(|segment| !segment.is_empty()), "{path}");
        assert!(!path.chars().any(char::is_control), "{path:?}");
        let next = [&path, &below].map(|it| percent_decode_str(it).decode_utf8_lossy().to_string());
        if next[0] == path {
            break;
        }
        [path, below] = next;
    }
}

fn check_path(url: &Url, base: &Url, given: &Value) {
    match given {
        Value::String(path) => {
            let whole = format!("{}{path}", base.path().trim_end_matches('/'));
            assert_eq!(url.path(), if whole.is_empty() { "/" } else { &whole });
        }
        Value::Array(given) => {
            let read = segments(url).into_iter().skip(segments(base).len());
            let read = read.map(|it| percent_decode_str(it).decode_utf8().expect("UTF-8"));
            let given = given.iter().map(|it| it.as_str().expect("a text"));
            assert!(read.eq(given), "{url}");
        }
        _ => assert!(given.is_null()),
    }
}

fn check_query(url: &Url, result: &Map<String, Value>, of_secret: Option<&str>) {
    let given = result.get("query").and_then(Value::as_object).into_iter().flatten();
    let given = given.map(|(name, value)| {
        (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    });
    let ours = of_secret.map(|name| (name.to_owned(), SECRET.to_owned()));
    assert!(url.query_pairs().into_owned().eq(given.chain(ours)), "{url}");
}

fn check_headers(request: &Request, preset: &Preset, kind: &str, argument: &str) {
    let authenticating = match kind {
        "bearer" | "basic" => vec!["authorization"],
        "header" => vec![argument],
        "signature" => vec!["webhook-id", "webhook-timestamp", "webhook-signature"],
        _ => Vec::new(),
    };
    let mut known = vec!["accept", "accept-language", "content-type"];
    known.extend(&authenticating);
    known.extend(preset.headers.keys().map(String::as_str));
    known.extend(preset.template_headers.iter().map(String::as_str));
    known.extend(preset.idempotency_header.as_deref());
    for (name, value) in &request.headers {
        let name = name.as_str();
        assert!(known.iter().any(|known| known.eq_ignore_ascii_case(name)), "{name}");
        assert!(!FRAMING.contains(&name), "{name}");
        assert!(name != "authorization" || ["bearer", "basic"].contains(&kind));
        assert!(value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte)), "{name}");
    }
    for name in authenticating {
        assert_eq!(request.headers.get_all(name).iter().count(), 1, "{name}");
    }
}

fn check_body(sent: &[u8], result: &Map<String, Value>, of_secret: Option<&str>) {
    let sent = std::str::from_utf8(sent).expect("UTF-8");
    let given = result.get("body").unwrap_or(&Value::Null);
    match (given, of_secret) {
        (_, Some(pointer)) => {
            let sent: Value = serde_json::from_str(sent).expect("JSON");
            // A number that is printed and read may be another one.
            let given = serde_json::from_str(&given.to_string()).expect("JSON");
            assert!(is_within(&given, &sent));
            assert_eq!(sent.pointer(pointer), Some(&json!(SECRET)));
        }
        (Value::String(text), None) => assert_eq!(sent, text),
        (Value::Null, None) => assert_eq!(sent, ""),
        (value, None) => assert_eq!(sent, value.to_string()),
    }
}

fn is_within(given: &Value, sent: &Value) -> bool {
    let is_there = |(name, given): (&String, &Value)| {
        sent.get(name).is_some_and(|sent| is_within(given, sent))
    };
    given.as_object().map_or(given == sent, |given| given.iter().all(is_there))
}

fn check_secret(request: &Request, kind: &str) {
    let url = percent_decode_str(request.url.as_str()).decode_utf8_lossy().into_owned();
    let headers: Vec<_> = request.headers.values().map(|it| it.to_str().expect("ASCII")).collect();
    let headers = headers.join(" ");
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let places = [url, headers, body]
        .map(|text| secrets().iter().map(|secret| text.matches(secret).count()).sum::<usize>());
    let expected = match kind {
        "query" | "path" => [1, 0, 0],
        "bearer" | "basic" | "header" => [0, 1, 0],
        "body" => [0, 0, 1],
        _ => [0, 0, 0],
    };
    assert_eq!(places, expected, "{kind}");
    assert!(!shows_secret(&format!("{request:?} {:?}", request.headers)));
}

fn secrets() -> [String; 2] {
    [SECRET.to_owned(), STANDARD.encode(SECRET)]
}

fn shows_secret(text: &str) -> bool {
    secrets().iter().any(|secret| text.contains(secret))
}
