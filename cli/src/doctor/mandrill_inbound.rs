//! Checks the webhook at Mandrill: its key, its URL and its events, and that the function answers as
//! Mandrill needs it.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use mandrill_inbound::NAME;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha1::Sha1;
use shared::{config::Endpoint, secrets::Product};
use url::Url;

use super::{
    CheckResult, Reach,
    function::{self, Credentials, Function},
    keys::{self, Slot},
    mandrill::{self, error_name, with_key},
    reach::Answer,
    stack::Stack,
    unexpected,
};
use crate::mandrill_webhook::{self, DEFAULT_EVENTS, DEFAULT_URL, Webhook, is_placeholder_url};

const SECRET: &str = "Mandrill webhook key: secret";
const URL: &str = "mandrill-inbound: webhook URL";
const HEAD: &str = "mandrill-inbound: HEAD";
const WEBHOOK: &str = "mandrill-inbound: webhook";

/// The function answers a GET with this.
const NOT_ALLOWED: u16 = 405;

/// All checks; none if the function is off. `key` is a Mandrill API key for a stack that has none.
pub(super) async fn check(
    stack: &Stack,
    key: Option<&SecretString>,
    reach: &Reach,
) -> Vec<CheckResult> {
    let Some(of_function) = stack.mandrill_inbound_url.as_deref() else { return Vec::new() };
    let entered = stack.mandrill_webhook_url.as_deref();
    let slot = Slot {
        check: SECRET,
        output: "MandrillWebhookSecretId",
        id: stack.mandrill_webhook_secret_id.as_deref(),
        field: mandrill_webhook::FIELD,
    };
    let function = Function {
        name: NAME,
        output: "MandrillInboundUrl",
        url: Some(of_function),
        to_get: NOT_ALLOWED,
    };
    let (webhook_key, secret) = keys::caller(reach, &slot).await;
    let presented = match (entered, &webhook_key) {
        (Some(url), Some(key)) => signature(url, key),
        (None, _) => Err("MandrillWebhookUrl is not set"),
        (_, None) => Err("no usable key"),
    };
    let (answers, head, webhook) = tokio::join!(
        function::check(&function, presented, reach),
        head(of_function, reach),
        webhook(stack, entered, webhook_key.as_ref(), key, reach),
    );
    [vec![secret, url_finding(of_function, entered)], answers, vec![head, webhook]].concat()
}

/// That of a call without an event: it has no fields.
fn signature(url: &str, key: &SecretString) -> Result<Credentials, &'static str> {
    let mac = Hmac::<Sha1>::new_from_slice(key.expose_secret().as_bytes());
    let mac = mac.map_err(|_| "no usable key")?.chain_update(url);
    let value = HeaderValue::try_from(STANDARD.encode(mac.finalize().into_bytes()));
    let name = HeaderName::from_static("x-mandrill-signature");
    let headers = value.map(|value| HeaderMap::from_iter([(name, value)]));
    Ok(Credentials { query: None, headers: headers.unwrap_or_default() })
}

/// Whether the URL that the function was told leads to it.
fn url_finding(of_function: &str, entered: Option<&str>) -> CheckResult {
    let fix = "Deploy with the parameter MandrillWebhookUrl set to the URL of the webhook, exactly as it \
               was entered at Mandrill";
    let Some(entered) = entered else {
        return CheckResult::fail(
            URL,
            "MandrillWebhookUrl is not set: all events are refused",
            fix,
        );
    };
    let [Ok(function), Ok(entered)] = [of_function, entered].map(Url::parse) else {
        return unexpected::url(URL, "MandrillWebhookUrl");
    };
    if is_placeholder_url(&entered) {
        return CheckResult::fail(URL, "still a placeholder: all events are refused", fix);
    }
    let place = |url: &Url| {
        (url.origin().ascii_serialization(), url.path().trim_end_matches('/').to_owned())
    };
    if place(&entered) == place(&function) {
        CheckResult::pass(URL, "is that of the function")
    } else {
        CheckResult::fail(URL, "is not the URL of the function", fix)
    }
}

/// Mandrill makes a webhook only if its URL answers a HEAD.
async fn head(of_function: &str, reach: &Reach) -> CheckResult {
    let Some(url) = Endpoint::parse(of_function).map(|url| url.join("")) else {
        return unexpected::url(HEAD, "MandrillInboundUrl");
    };
    match reach.head(url).await {
        Ok(answer) if answer.status == 200 => CheckResult::pass(HEAD, "responds with 200"),
        Ok(answer) => CheckResult::fail(
            HEAD,
            format!("responds with {} to a HEAD, expected 200", answer.status),
            format!("Check that this is the URL of {NAME}"),
        ),
        other => unexpected::response(HEAD, &other),
    }
}

/// Whether Mandrill has the webhook.
async fn webhook(
    stack: &Stack,
    entered: Option<&str>,
    webhook_key: Option<&SecretString>,
    key: Option<&SecretString>,
    reach: &Reach,
) -> CheckResult {
    let Some(entered) = entered else {
        return CheckResult::skipped(WEBHOOK, "MandrillWebhookUrl is not set");
    };
    let of_stack = match stack.mandrill_secret_id.as_deref() {
        Some(id) => {
            let slot = Slot {
                check: mandrill::KEY,
                output: "MandrillSecretId",
                id: Some(id),
                field: "api_key",
            };
            keys::vendor(reach, &slot, Product::Mandrill).await.0
        }
        None => None,
    };
    let Some(key) = key.or(of_stack.as_ref()) else {
        return CheckResult::unknown(
            WEBHOOK,
            "not checked: no usable Mandrill API key",
            "Set MANDRILL_API_KEY to a Mandrill API key",
        );
    };
    let Some(api) = Endpoint::parse(stack.mandrill_url.as_deref().unwrap_or(DEFAULT_URL)) else {
        return unexpected::url(WEBHOOK, "MandrillUrl");
    };
    let listed = reach.post_json(api.join("webhooks/list"), &with_key(json!({}), key)).await;
    judge(entered, webhook_key, &listed)
}

fn judge(entered: &str, webhook_key: Option<&SecretString>, listed: &Answer) -> CheckResult {
    let webhooks: Vec<Webhook> = match listed {
        Ok(answer) if answer.status == 200 => match serde_json::from_slice(&answer.body) {
            Ok(webhooks) => webhooks,
            Err(_) => return unexpected::response(WEBHOOK, listed),
        },
        Ok(answer) if answer.status == 401 => {
            return CheckResult::unknown(
                WEBHOOK,
                format!("rejected: {}", error_name(&answer.body)),
                "Allow the key to call webhooks/list, or set MANDRILL_API_KEY to a key that may",
            );
        }
        other => return unexpected::response(WEBHOOK, other),
    };
    let make = "Run ory-actions mandrill-webhook --apply with the URL and the secret of this stack";
    let with_url: Vec<_> = webhooks.iter().filter(|webhook| webhook.url == entered).collect();
    let webhook = match with_url[..] {
        [webhook] => webhook,
        [] => return CheckResult::fail(WEBHOOK, "Mandrill has none with this URL", make),
        _ => {
            return CheckResult::fail(
                WEBHOOK,
                "Mandrill has several with this URL, each with a key of its own",
                "Delete all but one in Mandrill: Settings, Webhooks",
            );
        }
    };
    let is_missing = |event: &&str| !webhook.events.iter().any(|wanted| wanted == event);
    let missing: Vec<_> = DEFAULT_EVENTS.into_iter().filter(|event| is_missing(event)).collect();
    if !missing.is_empty() {
        let found = format!("does not report {}", missing.join(", "));
        return CheckResult::fail(WEBHOOK, found, make);
    }
    if webhook_key.is_some_and(|key| key.expose_secret() != webhook.auth_key.expose_secret()) {
        return CheckResult::fail(WEBHOOK, "signs with another key than that in the secret", make);
    }
    match &webhook.last_error {
        // Its text is not repeated: it could contain anything.
        Some(error) if !error.is_empty() => CheckResult::unknown(
            WEBHOOK,
            "the last call failed",
            "Read the error in Mandrill: Settings, Webhooks",
        ),
        _ => CheckResult::pass(WEBHOOK, format!("reports {}", webhook.events.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use shared::http::Response;

    use super::{
        super::Verdict::{self, Fail, Pass, Unknown},
        *,
    };

    const ENTERED: &str = "https://abc.lambda-url.eu-central-1.on.aws/?a=b";

    #[test]
    fn entered_url_must_lead_to_the_function() {
        let function = "https://abc.lambda-url.eu-central-1.on.aws/";
        let table = [
            (Some(function), Pass, "that of the function"),
            (Some("https://abc.lambda-url.eu-central-1.on.aws"), Pass, "that of the function"),
            (Some(ENTERED), Pass, "that of the function"),
            (Some("https://user:canary@abc.lambda-url.eu-central-1.on.aws/"), Pass, "that of"),
            (Some("https://replace-me.invalid/"), Fail, "placeholder"),
            (Some("https://canary.test/"), Fail, "not the URL of the function"),
            (None, Fail, "is not set"),
        ];
        for (entered, verdict, part) in table {
            let finding = url_finding(function, entered);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
            assert!(!format!("{finding:?}").contains("canary"), "{finding:?}");
        }
    }

    fn webhook(url: &str, key: &str, events: &[&str], error: Option<&str>) -> Value {
        json!({"id": 1, "url": url, "auth_key": key, "events": events, "last_error": error})
    }

    #[test]
    fn webhook_must_have_the_url_the_events_and_the_key() {
        let good = || webhook(ENTERED, "canary", &DEFAULT_EVENTS, None);
        let table: [(u16, Value, Verdict, &str); 10] = [
            (200, json!([good()]), Pass, "reports send, delivered"),
            (
                200,
                json!([webhook("https://b.test/", "k", &["send"], None), good()]),
                Pass,
                "reports",
            ),
            (200, json!([]), Fail, "none with this URL"),
            (200, json!([good(), good()]), Fail, "several"),
            (
                200,
                json!([webhook(ENTERED, "canary", &["send"], None)]),
                Fail,
                "not report delivered",
            ),
            (200, json!([webhook(ENTERED, "other", &DEFAULT_EVENTS, None)]), Fail, "another key"),
            (
                200,
                json!([webhook(ENTERED, "canary", &DEFAULT_EVENTS, Some("canary"))]),
                Unknown,
                "last call failed",
            ),
            (401, json!({"name": "Invalid_Key"}), Unknown, "Invalid_Key"),
            (500, json!("canary"), Unknown, "500"),
            (200, json!("canary"), Unknown, "200"),
        ];
        let key = "canary".to_owned().into();
        for (status, body, verdict, part) in table {
            let body = body.to_string().into();
            let listed = Ok(Response { status, headers: HeaderMap::new(), body });
            let finding = judge(ENTERED, Some(&key), &listed);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.contains(part), "{finding:?}");
            assert!(!format!("{finding:?}").contains("canary"), "{finding:?}");
        }
    }
}
