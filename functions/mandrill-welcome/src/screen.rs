//! Screening: before the identity is saved, an address that is known to bounce stops the sign-up,
//! while the person can still correct it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{
    accept::Screen,
    ctx::{SanitizedCtx, as_address},
    http::{Error, Response},
    outcome::{Blocked, Outcome},
    reply::Messages,
    secrets::ApiKey,
};
use tokio::time::timeout;

use crate::{client::Mandrill, outcome::classify};

/// A person is waiting to sign up: without an answer in this time the person passes.
const LIMIT: Duration = Duration::from_secs(1);

/// The message at the address, see `docs/answers.md`.
const UNDELIVERABLE: i64 = 8_101_001;
const UNDELIVERABLE_TEXT: &str =
    "Mail to this address comes back. Please check it, or use another one.";

/// Queries Mandrill's rejects list.
pub(crate) struct RejectsScreen {
    mandrill: Mandrill,
    key: Arc<ApiKey>,
}

#[derive(Deserialize)]
struct Reject {
    email: String,
    reason: String,
    #[serde(default)]
    expired: bool,
}

impl RejectsScreen {
    pub(crate) fn new(mandrill: Mandrill, key: Arc<ApiKey>) -> Self {
        Self { mandrill, key }
    }

    async fn bounces(&self, address: &str) -> bool {
        let key = self.key.clone();
        // A look-up that takes longer than the person waits goes on, for the next use of the key.
        let looked_up = tokio::spawn(async move { key.get().await });
        let Ok(Ok(key)) = looked_up.await else { return false };
        let answer = match self.ask(address, &key).await {
            Ok(answer) if classify(&answer) == Outcome::Blocked(Blocked::BadKey) => {
                let Ok(fresh) = self.key.fresh().await else { return false };
                self.ask(address, &fresh).await
            }
            answer => answer,
        };
        answer.is_ok_and(|answer| answer.status == 200 && is_bouncing(&answer.body, address))
    }

    async fn ask(&self, address: &str, key: &SecretString) -> Result<Response, Error> {
        let body = Map::from_iter([("email".to_owned(), json!(address))]);
        self.mandrill.post("rejects/list", body, key, LIMIT).await
    }
}

fn is_bouncing(body: &[u8], address: &str) -> bool {
    let rejects: Vec<Reject> = serde_json::from_slice(body).unwrap_or_default();
    rejects.iter().any(|reject| {
        reject.reason == "hard-bounce"
            && !reject.expired
            && reject.email.eq_ignore_ascii_case(address)
    })
}

#[async_trait]
impl Screen for RejectsScreen {
    async fn screen(&self, ctx: &SanitizedCtx) -> Option<Messages> {
        let address = address(ctx)?;
        let bounces = timeout(LIMIT, self.bounces(address)).await.unwrap_or(false);
        let pointer = bounces.then(|| pointer_to(ctx.traits(), address))?;
        Some(Messages::error(UNDELIVERABLE, UNDELIVERABLE_TEXT, pointer.as_deref()))
    }
}

/// `traits.email`, which the person can still correct, else the address that the welcome mail would
/// go to.
fn address(ctx: &SanitizedCtx) -> Option<&str> {
    ctx.traits()["email"].as_str().and_then(as_address).or_else(|| ctx.recipient())
}

/// The pointer of the first trait that equals the address.
fn pointer_to(traits: &Value, address: &str) -> Option<String> {
    path_to(traits, address).map(|path| format!("#/traits{path}"))
}

fn path_to(value: &Value, address: &str) -> Option<String> {
    let below = |(name, value): (String, &Value)| {
        let name = name.replace('~', "~0").replace('/', "~1");
        path_to(value, address).map(|path| format!("/{name}{path}"))
    };
    match value {
        Value::String(text) if text.eq_ignore_ascii_case(address) => Some(String::new()),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), value)).find_map(below)
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).find_map(below)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use shared::ctx::Ctx;

    use super::*;

    #[test]
    fn only_an_active_hard_bounce_of_the_address_counts() {
        let reject = |email: &str, reason: &str, expired: bool| {
            json!([{"email": email, "reason": reason, "expired": expired}]).to_string()
        };
        let table = [
            (reject("ann@example.com", "hard-bounce", false), true),
            (reject("Ann@Example.com", "hard-bounce", false), true),
            (reject("ann@example.com", "hard-bounce", true), false),
            (reject("eve@example.com", "hard-bounce", false), false),
            (reject("ann@example.com", "soft-bounce", false), false),
            (reject("ann@example.com", "spam", false), false),
            (reject("ann@example.com", "unsub", false), false),
            (reject("ann@example.com", "custom", false), false),
            ("[]".to_owned(), false),
            ("<html>".to_owned(), false),
            (r#"{"status":"error","name":"Invalid_Key"}"#.to_owned(), false),
        ];
        for (body, bouncing) in table {
            assert_eq!(is_bouncing(body.as_bytes(), "ann@example.com"), bouncing, "{body}");
        }
    }

    #[test]
    fn message_is_at_the_trait_with_the_address() {
        let table = [
            (json!({"email": "ann@example.com"}), Some("#/traits/email")),
            (json!({"email": "ANN@example.com"}), Some("#/traits/email")),
            (
                json!({"contact": {"a/b": ["x", "ann@example.com"]}}),
                Some("#/traits/contact/a~1b/1"),
            ),
            (json!({"phone": "1"}), None),
            (json!(null), None),
        ];
        for (traits, pointer) in table {
            assert_eq!(pointer_to(&traits, "ann@example.com").as_deref(), pointer, "{traits}");
        }
    }

    #[test]
    fn trait_has_precedence_over_the_verifiable_address() {
        let ctx = |traits: Value| {
            let identity = json!({"identity": {"traits": traits, "verifiable_addresses": [
                {"value": "+491", "via": "sms"}, {"value": "bo@example.com", "via": "email"},
            ]}});
            Ctx::decode(identity.to_string().as_bytes()).unwrap().sanitize()
        };
        assert_eq!(address(&ctx(json!({"email": "ann@example.com"}))), Some("ann@example.com"));
        assert_eq!(address(&ctx(json!({"login": "x"}))), Some("bo@example.com"));
        assert_eq!(
            address(&ctx(json!({"email": "Ann <ann@example.com>"}))),
            Some("bo@example.com")
        );
    }
}
