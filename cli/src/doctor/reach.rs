//! How the checks reach the outside: every call has an end.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method};
use serde_json::Value;
use shared::{
    auth::SigningSecret,
    clock::SystemClock,
    http::{Error, Http, Request, Response},
    secrets::{ApiKey, Cached, Product, SecretStore, Ttl},
};
use url::Url;

/// A function that starts cold answers well within this.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than all checks together.
const TTL: Ttl = Ttl(Duration::from_mins(5));

/// The way to the outside.
pub struct Reach {
    /// Where secrets are kept, with the credentials of whoever asks.
    pub secrets: Arc<dyn SecretStore>,
    /// The way out over HTTP.
    pub http: Arc<dyn Http>,
}

/// What came of a call.
pub(super) type Answer = Result<Response, Error>;

impl Reach {
    pub(super) fn api_key(&self, id: &str, field: &'static str, product: Product) -> ApiKey {
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

    pub(super) async fn post_json(&self, url: Url, body: &Value) -> Answer {
        self.http.send(Request::post_json(url, body.to_string(), TIMEOUT)).await
    }

    /// A POST without a body, which asks for nothing.
    pub(super) async fn post_nothing(&self, url: Url, headers: HeaderMap) -> Answer {
        let body = Vec::new().into();
        self.http.send(Request { method: Method::POST, url, headers, body, timeout: TIMEOUT }).await
    }
}
