//! The calls of Mandrill's API. <https://mailchimp.com/developer/transactional/api/webhooks/>

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    config::Endpoint,
    http::{Error, Http, Request},
};

/// Mandrill tries the URL of a webhook before it answers, and a function may have to start.
const TIMEOUT: Duration = Duration::from_secs(40);

/// The longest name of an error that is repeated.
const MAX_NAME_BYTES: usize = 40;

/// A call did not give what was asked for. No message holds a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The key is unknown, or may not do that.
    #[error("Mandrill rejects the API key: {0}")]
    Key(String),
    /// Usually, the URL does not answer.
    #[error(
        "Mandrill refuses the call: {0}. It calls the URL first, and wants a 200: check that the \
         function is deployed and that this is its URL"
    )]
    Refused(String),
    /// An answer that says nothing about the question.
    #[error("unexpected response: {0}")]
    Unexpected(u16),
    /// No answer.
    #[error("cannot reach Mandrill")]
    Unreachable(#[from] Error),
}

/// A webhook.
#[derive(Clone, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) id: u64,
    pub(crate) url: String,
    /// By which Mandrill signs.
    #[serde(deserialize_with = "secret")]
    #[cfg_attr(
        not(feature = "aws"),
        expect(dead_code, reason = "only secrets and doctor read it")
    )]
    pub(crate) auth_key: SecretString,
    #[serde(default)]
    pub(crate) events: Vec<String>,
    /// What went wrong at the last call.
    #[serde(default)]
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only doctor reads it"))]
    pub(crate) last_error: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(read: D) -> Result<SecretString, D::Error> {
    String::deserialize(read).map(SecretString::from)
}

/// Neither the URL, which may have a password, nor the key.
impl fmt::Debug for Webhook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, events, .. } = self;
        out.debug_struct("Webhook").field("id", id).field("events", events).finish_non_exhaustive()
    }
}

/// An account at Mandrill.
pub(crate) struct Api<'a> {
    pub(crate) http: &'a dyn Http,
    pub(crate) root: Endpoint,
    pub(crate) key: &'a SecretString,
}

/// A change of the webhooks: the method, and its fields without the key.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) method: &'static str,
    pub(crate) fields: Value,
}

impl Api<'_> {
    /// All webhooks of the account.
    pub(crate) async fn webhooks(&self) -> Result<Vec<Webhook>, ApiError> {
        self.call("webhooks/list", &json!({})).await
    }

    /// Makes a change.
    pub(crate) async fn make(&self, change: &Change) -> Result<Webhook, ApiError> {
        self.call(change.method, &change.fields).await
    }

    async fn call<T: DeserializeOwned>(&self, method: &str, fields: &Value) -> Result<T, ApiError> {
        let mut body = fields.clone();
        body["key"] = self.key.expose_secret().into();
        let url = self.root.join(method);
        let answer = self.http.send(Request::post_json(url, body.to_string(), TIMEOUT)).await?;
        if answer.status == 200 {
            return serde_json::from_slice(&answer.body).map_err(|_| ApiError::Unexpected(200));
        }
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let name = problem["name"].as_str().filter(|name| name.len() <= MAX_NAME_BYTES);
        Err(match (answer.status, name) {
            (_, Some(name @ ("Invalid_Key" | "PaymentRequired"))) => ApiError::Key(name.to_owned()),
            (401, _) => ApiError::Key("401".to_owned()),
            (_, Some(name)) => ApiError::Refused(name.to_owned()),
            (status, None) => ApiError::Unexpected(status),
        })
    }
}

impl Change {
    /// Makes a webhook with this URL and these events.
    pub(crate) fn add(url: &str, events: &[String]) -> Self {
        let description = mandrill_inbound::NAME;
        let fields = json!({"url": url, "description": description, "events": events});
        Self { method: "webhooks/add", fields }
    }

    /// Gives a webhook these events; `None` if it has them. Its key stays.
    pub(crate) fn of(webhook: &Webhook, events: &[String]) -> Option<Self> {
        let sorted = |events: &[String]| {
            let mut events = events.to_vec();
            events.sort();
            events
        };
        let fields = json!({"id": webhook.id, "url": webhook.url, "events": events});
        let differs = sorted(&webhook.events) != sorted(events);
        differs.then_some(Self { method: "webhooks/update", fields })
    }
}

#[cfg(test)]
mod tests {
    use fakes::{FakeMandrill, server::FakeReply};
    use shared::http::Client;

    use super::*;

    async fn list(fake: &FakeMandrill, key: &str) -> Result<Vec<Webhook>, ApiError> {
        let (client, key) = (Client::new().unwrap(), key.to_owned().into());
        let root = Endpoint::parse(&fake.url()).unwrap();
        Api { http: &client, root, key: &key }.webhooks().await
    }

    #[tokio::test]
    async fn refusals_are_told_apart_and_repeat_no_text() {
        let fake = FakeMandrill::start(0, "key").await.unwrap();
        assert!(list(&fake, "key").await.unwrap().is_empty());
        let told = async |key| list(&fake, key).await.unwrap_err().to_string();
        assert_eq!(told("other").await, "Mandrill rejects the API key: Invalid_Key");
        let validation = json!({"name": "ValidationError", "message": "canary"});
        for (status, body, part) in [
            (500, validation, "refuses the call: ValidationError."),
            (502, json!("canary"), "unexpected response: 502"),
            (200, json!({"canary": 1}), "unexpected response: 200"),
            (401, json!({}), "rejects the API key: 401"),
        ] {
            fake.reply_next(FakeReply::json(status, &body));
            let told = told("key").await;
            assert!(told.contains(part) && !told.contains("canary"), "{told}");
        }
    }

    #[tokio::test]
    async fn webhook_shows_no_key_and_no_url() {
        let fake = FakeMandrill::start(0, "key").await.unwrap();
        fake.put_webhook("https://user:canary@a.test/", "canary-key");
        let shown = format!("{:?}", list(&fake, "key").await.unwrap());
        assert!(!shown.contains("canary") && shown.contains("hard_bounce"), "{shown}");
    }
}
