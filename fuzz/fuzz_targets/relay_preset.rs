//! The file of a preset, and, after a line of dashes, a secret: it is also the `url_path` of a relay to
//! Slack.
//!
//! Checks: a file is a preset or tells why not; whatever the secret is, a call has the origin that is
//! configured, or is not made; and the reason does not show the secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relay::{Origin, Preset, Shipped, preview::request};
use serde_json::{Value, json};
use shared::http::Request;
use url::Url;

/// Where a vendor is whose customers each have an origin of their own.
const SOMEWHERE: &str = "https://vendor.example/base";
/// A shorter text may be part of our words.
const LONG: usize = 20;

fuzz_target!(|input: &str| {
    let (file, secret) = input.split_once("\n---\n").unwrap_or((input, ""));
    let slack = Shipped::named("slack").and_then(|it| it.preset().ok()).expect("it is shipped");
    check(&slack, secret);
    match Preset::parse(file) {
        Ok(preset) => check(&preset, secret),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn check(preset: &Preset, secret: &str) {
    let configured = preset.origin.as_deref().unwrap_or(SOMEWHERE);
    let origin = match Origin::parse(configured, false) {
        Ok(origin) => origin,
        Err(error) => return assert!(error.to_string().starts_with("RELAY_ORIGIN: ")),
    };
    let mut output = json!({"body": {"text": "x"}});
    if preset.auth != "path" {
        output["path"] = "/x".into();
    }
    let Value::Object(output) = output else { unreachable!("it is one") };
    match request(preset, origin, &output, &secret.to_owned().into()) {
        Ok(request) => check_call(&request, configured),
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.is_empty() && (secret.len() < LONG || !shown.contains(secret)));
        }
    }
}

fn check_call(request: &Request, configured: &str) {
    let read = Url::parse(request.url.as_str()).expect("a URL");
    let base = Url::parse(configured).expect("a URL");
    assert_eq!((read.scheme(), read.host(), read.port()), ("https", base.host(), None));
    assert!(read.username().is_empty() && read.password().is_none() && read.fragment().is_none());
    let below = base.path().trim_end_matches('/');
    assert!(read.path().strip_prefix(below).is_some_and(|rest| rest.starts_with('/')), "{read}");
    assert!(request.headers.values().all(|it| !it.as_bytes().contains(&b'\n')));
}
