//! The call that a relay would make, without its secret: for the operator who writes a template or a
//! preset.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use shared::{
    deliver::Rendered,
    http::{Cause, Request},
    template::{RenderError, Template, TemplateFault},
};
use time::OffsetDateTime;

use crate::{
    auth::Auth,
    call::Call,
    config::target,
    origin::Origin,
    preset::{Preset, PresetError},
};

/// What stands for the secret.
const SECRET: &str = "SECRET";

/// A key to sign with, as [`SECRET`] is none.
const SIGNING_KEY: &str = "whsec_U0VDUkVULVNFQ1JFVC1TRUNSRVQ=";

/// Where a vendor is whose customers each have a host of their own.
const SOMEWHERE: &str = "https://vendor.example";

/// The idempotency key of every event.
const KEY: &str = "IDEMPOTENCY-KEY";

/// A call as it would be made.
#[derive(Clone, PartialEq)]
pub struct Preview {
    /// The method and the URL.
    pub to: String,
    /// The headers, sorted by name.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, or a text; null if there is none.
    pub body: Value,
}

/// The call that a relay with this preset makes of `ctx`.
///
/// # Errors
/// The template cancels or fails, or its output breaks a rule.
pub async fn preview(
    preset: &Preset,
    template: &Template,
    ctx: Value,
) -> Result<Preview, RenderError> {
    let fault = |rule| RenderError::from(TemplateFault::new(template.name(), rule));
    let Value::Object(mut rendered) = template.render(vec![("ctx", ctx)]).await? else {
        return Err(fault("the template output is not an object"));
    };
    rendered.remove("idempotency_key");
    let origin = preset.origin.as_deref().unwrap_or(SOMEWHERE);
    let origin = Origin::parse(origin, false).map_err(|_| fault("`origin` cannot be used"))?;
    let is_signed = Auth::parse(&preset.auth) == Some(Auth::Signature);
    let secret = if is_signed { SIGNING_KEY } else { SECRET };
    match request(preset, origin, &rendered, &secret.to_owned().into()) {
        Ok(request) => Ok(shown(&request)),
        Err(Unusable::Output(rule)) => Err(fault(rule)),
        Err(_) => Err(fault("the call cannot be made")),
    }
}

/// Why no request can be made.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The preset is invalid.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// The template output breaks this rule.
    #[error("{0}")]
    Output(&'static str),
    /// The secret does not fit.
    #[error(transparent)]
    Secret(Cause),
}

/// The request that a relay with this preset makes of a template's output, with its secret.
///
/// # Errors
/// What cannot be used.
pub fn request(
    preset: &Preset,
    origin: Origin,
    rendered: &Rendered,
    secret: &SecretString,
) -> Result<Request, Unusable> {
    let (target, limits) = target(preset, origin)?;
    let call = Call::read(rendered, &limits, KEY).map_err(Unusable::Output)?;
    let request = target.request(&call, secret, OffsetDateTime::UNIX_EPOCH, Duration::ZERO);
    request.map_err(|unsendable| Unusable::Secret(unsendable.into()))
}

fn shown(request: &Request) -> Preview {
    let text = String::from_utf8_lossy(&request.body);
    let body = match serde_json::from_str(&text) {
        Ok(body) => body,
        Err(_) if text.is_empty() => Value::Null,
        Err(_) => json!(text),
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = value.to_str().unwrap_or_default();
        // What these say depends on the secret and the time.
        let value = match name.as_str() {
            "authorization" => value.split(' ').next().unwrap_or_default().to_owned() + " …",
            "webhook-signature" | "webhook-timestamp" => "…".to_owned(),
            _ => value.to_owned(),
        };
        (name.as_str().to_owned(), value)
    };
    let mut headers: Vec<_> = request.headers.iter().map(header).collect();
    headers.sort();
    Preview { to: format!("{} {}", request.method, request.url), headers, body }
}

#[cfg(test)]
mod tests {
    use shared::template::Source;

    use super::*;
    use crate::preset::{SHIPPED, Shipped};

    async fn shown(shipped: &Shipped, code: &str) -> Result<Preview, RenderError> {
        let template = Template::prepare(Source::shipped("t.jsonnet", code)).unwrap();
        let ctx = json!({
            "identity": {"id": "i", "traits": {}}, "hook": null,
            "recipient": "ann@example.com", "greeting_name": null,
        });
        preview(&shipped.preset().unwrap(), &template, ctx).await
    }

    #[tokio::test]
    async fn every_shipped_preset_can_be_previewed() {
        for shipped in SHIPPED {
            let preview = shown(shipped, shipped.template).await.unwrap();
            let Preview { to, headers, body } = preview;
            let text = format!("{to} {headers:?} {body}");
            assert!(!text.contains("U0VDUkVU"), "{}: {text}", shipped.name);
        }
        let slack = Shipped::named("slack").unwrap();
        let preview = shown(slack, slack.template).await.unwrap();
        assert_eq!(preview.to, "POST https://hooks.slack.com/SECRET");
        let hubspot = Shipped::named("hubspot").unwrap();
        let preview = shown(hubspot, hubspot.template).await.unwrap();
        assert_eq!(preview.headers[0], ("authorization".to_owned(), "Bearer …".to_owned()));
    }

    #[tokio::test]
    async fn broken_rule_is_a_template_fault() {
        let hubspot = Shipped::named("hubspot").unwrap();
        for code in ["function(ctx) 1", "function(ctx) {}", "function(ctx) {path: '/../x'}"] {
            let failed = shown(hubspot, code).await;
            assert!(matches!(failed, Err(RenderError::Fault(_))), "{code}");
        }
        let cancelled = shown(hubspot, "function(ctx) error 'cancel: no'").await;
        assert!(matches!(cancelled, Err(RenderError::Cancelled)));
    }
}
