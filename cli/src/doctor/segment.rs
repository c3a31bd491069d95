//! Checks the shape of the Segment key, and that its source is in the region where events go.
//!
//! No event is sent: Segment answers 200 to an event with an unknown key and drops it, and an
//! `identify` would create a user. Segment's own libraries read the settings of a source by its
//! write key before they send, and the settings name the region
//! (<https://github.com/segmentio/analytics-react-native/pull/721>). Some sources do not report it.

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use shared::{config::Endpoint, secrets::Product, segment::DEFAULT_URL};

use super::{
    CheckResult, Reach,
    keys::{self, Slot},
    reach::Answer,
    stack::Stack,
    unexpected,
};

const DEFAULT_CDN_URL: &str = "https://cdn.segment.com/v1";

const KEY: &str = "Segment: secret";
const SHAPE: &str = "Segment: write key";
const REGION: &str = "Segment: region";

/// The shape of the keys that Segment issues.
const KEY_CHARACTERS: usize = 32;

pub(super) async fn check(stack: &Stack, reach: &Reach) -> Vec<CheckResult> {
    let id = stack.segment_secret_id.as_deref();
    let slot = Slot { check: KEY, output: "SegmentSecretId", id, field: "write_key" };
    let (key, secret) = keys::vendor(reach, &slot, Product::Segment).await;
    let rest = match key {
        None => [SHAPE, REGION].map(|check| CheckResult::skipped(check, "no usable key")),
        // A value of another shape may be a different secret, so it goes into no URL.
        Some(key) if !has_shape(&key) => {
            [odd_shape(), CheckResult::skipped(REGION, "no usable key")]
        }
        Some(key) => {
            let shape = CheckResult::pass(SHAPE, "valid format");
            [shape, region(stack, reach, &key).await]
        }
    };
    [vec![secret], rest.into()].concat()
}

fn has_shape(key: &SecretString) -> bool {
    let key = key.expose_secret();
    key.len() == KEY_CHARACTERS && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn odd_shape() -> CheckResult {
    CheckResult::fail(
        SHAPE,
        format!("not {KEY_CHARACTERS} letters and digits, as write keys are"),
        "Compare it with the key in Segment: Sources, your source, Settings, API Keys. Segment drops \
         events with an unknown key without an error",
    )
}

async fn region(stack: &Stack, reach: &Reach, key: &SecretString) -> CheckResult {
    let events = stack.segment_url.as_deref().unwrap_or(DEFAULT_URL);
    let cdn = stack.segment_cdn_url.as_deref().unwrap_or(DEFAULT_CDN_URL);
    match (Endpoint::parse(events), Endpoint::parse(cdn)) {
        (None, _) => unexpected::url(REGION, "SegmentUrl"),
        (_, None) => unexpected::url(REGION, "SegmentCdnUrl"),
        (Some(events), Some(cdn)) => {
            let url = cdn.join(&format!("projects/{}/settings", key.expose_secret()));
            region_finding(events.as_str(), &reach.get(url, HeaderMap::new()).await)
        }
    }
}

fn region_finding(events: &str, answer: &Answer) -> CheckResult {
    let settings = match answer {
        Ok(answer) if answer.status == 200 => answer.body.as_ref(),
        Ok(answer) if answer.status == 404 => b"",
        other => return unexpected::response(REGION, other),
    };
    let settings: Value = serde_json::from_slice(settings).unwrap_or_default();
    match settings["integrations"]["Segment.io"]["apiHost"].as_str() {
        Some(source) if host(source) == host(events) => {
            CheckResult::pass(REGION, format!("the source is at {}", host(source)))
        }
        Some(source) => CheckResult::fail(
            REGION,
            format!("the source is at {}, but events are sent to {}", host(source), host(events)),
            format!("Deploy with the parameter SegmentUrl=https://{}/v1", host(source)),
        ),
        None => CheckResult::unknown(
            REGION,
            "Segment does not return the settings of this source",
            format!(
                "Check that the workspace is in the region of {} at app.segment.com, and that the \
                 Debugger of the source shows events",
                host(events)
            ),
        ),
    }
}

/// Without scheme and path, since Segment sometimes omits them.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::http::Response;

    use super::{
        super::Verdict::{Fail, Pass, Unknown},
        *,
    };

    #[test]
    fn source_region_matches_the_events_region_or_not() {
        let settings = |host: &str| json!({"integrations": {"Segment.io": {"apiHost": host}}});
        let (us, eu) = ("https://api.segment.io/v1", "https://events.eu1.segmentapis.com/v1");
        let table = [
            (us, 200, settings("api.segment.io/v1"), Pass),
            (us, 200, settings("https://api.segment.io"), Pass),
            (eu, 200, settings("events.eu1.segmentapis.com/v1"), Pass),
            (us, 200, settings("events.eu1.segmentapis.com"), Fail),
            (eu, 200, settings("api.segment.io/v1"), Fail),
            (us, 200, json!({"integrations": {}}), Unknown),
            (us, 404, json!(null), Unknown),
            (us, 503, json!(null), Unknown),
        ];
        for (events, status, body, verdict) in table {
            let (headers, body) = (HeaderMap::new(), body.to_string().into());
            let finding = region_finding(events, &Ok(Response { status, headers, body }));
            assert_eq!(finding.verdict, verdict, "{finding:?}");
        }
    }

    #[test]
    fn write_key_is_32_letters_and_digits() {
        let table = [
            ("0123456789abcdefghijABCDEFGHIJkl", true),
            ("0123456789abcdefghijABCDEFGHIJk", false),
            ("0123456789abcdefghijABCDEFGHIJk/", false),
        ];
        for (key, fits) in table {
            assert_eq!(has_shape(&key.to_owned().into()), fits, "{key}");
        }
    }
}
