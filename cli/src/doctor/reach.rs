//! Makes the calls of the checks, each with a timeout.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method};
use serde_json::Value;
use shared::{
    auth::SigningSecret,
    clock::SystemClock,
    http::{Error, Http, Request, Response},
    secrets::{ApiKey, Cached, KeyField, Product, SecretStore, Ttl},
};
use url::Url;

use super::{records::Tables, topic::Topics};

/// Even a cold start answers well within this.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than all checks together.
const TTL: Ttl = Ttl(Duration::from_mins(5));

/// Access to the outside.
pub struct Reach {
    /// The secrets, read with the credentials of the user.
    pub secrets: Arc<dyn SecretStore>,
    /// The topics, read with the same.
    pub topics: Arc<dyn Topics>,
    /// The idempotency stores, read with the same.
    pub tables: Arc<dyn Tables>,
    /// The HTTP client.
    pub http: Arc<dyn Http>,
}

/// The result of a call.
pub(super) type Answer = Result<Response, Error>;

impl Reach {
    pub(super) fn api_key(&self, id: &str, field: impl Into<KeyField>, product: Product) -> ApiKey {
        let clock = Arc::new(SystemClock);
        let secret = Cached::current(id.to_owned(), self.secrets.clone(), clock, TTL);
        ApiKey::new(secret, field, product)
    }

    pub(super) fn known_secret(&self, id: &str, field: &'static str) -> SigningSecret {
        let clock = Arc::new(SystemClock);
        let secret = Cached::both(id.to_owned(), self.secrets.clone(), clock, TTL);
        SigningSecret::new(secret, field)
    }

    pub(super) async fn get(&self, url: Url, headers: HeaderMap) -> Answer {
        let body = Vec::new().into();
        self.http.send(Request { method: Method::GET, url, headers, body, timeout: TIMEOUT }).await
    }

    pub(super) async fn head(&self, url: Url) -> Answer {
        let (headers, body) = (HeaderMap::new(), Vec::new().into());
        self.http.send(Request { method: Method::HEAD, url, headers, body, timeout: TIMEOUT }).await
    }

    pub(super) async fn post_json(&self, url: Url, body: &Value) -> Answer {
        self.http.send(Request::post_json(url, body.to_string(), TIMEOUT)).await
    }

    /// A POST without a body, which asks for nothing.
    pub(super) async fn post_nothing(&self, url: Url, headers: HeaderMap) -> Answer {
        let body = Vec::new().into();
        self.http.send(Request { method: Method::POST, url, headers, body, timeout: TIMEOUT }).await
    }
}
