//! The vendors of the relay's presets, each limited to the one call of its preset, with the odd
//! answers of that vendor.

mod braze;
mod customer_io;
mod endpoint;
mod hubspot;
mod intercom;
mod slack;

use std::{fmt, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::{
    server::FakeReply,
    vendor::{FakeVendor, VendorServer},
};

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct RelayedCall {
    /// The method.
    pub method: Method,
    /// The path, as it was sent.
    pub path: String,
    /// The query, as it was sent.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as it was sent.
    pub text: String,
    /// The body; null if it is not JSON.
    pub body: Value,
}

impl fmt::Display for RelayedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl RelayedCall {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn is_bearer(&self, token: &str) -> bool {
        self.header(AUTHORIZATION.as_str()) == Some(&format!("Bearer {token}"))
    }

    fn is_basic(&self, user_and_password: &str) -> bool {
        let expected = format!("Basic {}", STANDARD.encode(user_and_password));
        self.header(AUTHORIZATION.as_str()) == Some(&expected)
    }

    fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }
}

/// How one of these vendors behaves.
trait Behaviour: Send {
    /// Whether the call carries this key.
    fn knows(&self, call: &RelayedCall, key: &str) -> bool;

    /// The answer to a call with an unknown key.
    fn refusal(&self) -> FakeReply {
        Relayed::invalid_key()
    }

    /// The answer to a call, and what it changes.
    fn answer(&mut self, call: &RelayedCall) -> FakeReply;
}

/// Any of the vendors.
pub struct Relayed {
    keys: Vec<String>,
    behaviour: Box<dyn Behaviour>,
}

impl Default for Relayed {
    fn default() -> Self {
        Self { keys: Vec::new(), behaviour: Box::<hubspot::HubSpot>::default() }
    }
}

/// A fake of one of the vendors.
pub type FakeRelayed = VendorServer<Relayed>;

/// A preset that no fake knows.
#[derive(Debug, thiserror::Error)]
#[error("no fake has the preset {0}")]
pub struct UnknownPreset(String);

impl FakeRelayed {
    /// Starts the vendor of a preset on `port`, 0 for any. It accepts what
    /// [`secret`] gives.
    pub async fn start(port: u16, preset: &str) -> io::Result<Self> {
        let behaviour: Box<dyn Behaviour> = match preset {
            "hubspot" => Box::<hubspot::HubSpot>::default(),
            "customer-io" | "customer-io-eu" => Box::<customer_io::CustomerIo>::default(),
            "braze" => Box::new(braze::Braze),
            "slack" => Box::new(slack::Slack),
            "intercom" => Box::<intercom::Intercom>::default(),
            "webhook" => Box::<endpoint::Endpoint>::default(),
            other => return Err(io::Error::other(UnknownPreset(other.to_owned()))),
        };
        Self::serve(port, Relayed { keys: vec![credentials(preset)], behaviour }).await
    }

    /// Accepts only this key from now on.
    pub fn set_key(&self, key: &str) {
        self.with(|vendor| vendor.keys = vec![key.to_owned()]);
    }

    /// Accepts one more key from now on.
    pub fn add_key(&self, key: &str) {
        self.with(|vendor| vendor.keys.push(key.to_owned()));
    }

    /// The root of its API, for `RELAY_ORIGIN`.
    pub fn url(&self) -> String {
        self.root()
    }
}

/// What a fake accepts: the key as it is sent.
fn credentials(preset: &str) -> String {
    match preset {
        "customer-io" | "customer-io-eu" => "local-site:local-key",
        "slack" => "/services/T0000/B0000/local-webhook",
        "webhook" => "whsec_bG9jYWwtc2lnbmluZy1rZXktbG9jYWw=",
        _ => "local-relay-token",
    }
    .to_owned()
}

/// The secret of a relay whose vendor is the fake of this preset.
pub fn secret(preset: &str) -> Value {
    let credentials = credentials(preset);
    match preset {
        "customer-io" | "customer-io-eu" => {
            json!({"username": "local-site", "password": "local-key"})
        }
        "slack" => json!({"url_path": credentials}),
        "webhook" => json!({"signing_key": credentials}),
        _ => json!({"token": credentials}),
    }
}

impl FakeVendor for Relayed {
    type Call = RelayedCall;

    fn read(request: &Request<Bytes>) -> RelayedCall {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        RelayedCall {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            headers: request.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    fn answer(&mut self, call: &RelayedCall, _count: usize) -> FakeReply {
        if self.keys.iter().any(|key| self.behaviour.knows(call, key)) {
            self.behaviour.answer(call)
        } else {
            self.behaviour.refusal()
        }
    }

    fn invalid_key() -> FakeReply {
        FakeReply::json(401, &json!({"error": "unauthorized"}))
    }

    fn rejection() -> Option<FakeReply> {
        Some(FakeReply::json(422, &json!({"error": "unprocessable"})))
    }
}

fn not_found() -> FakeReply {
    FakeReply::json(404, &json!({"error": "not found"}))
}

#[cfg(test)]
mod tests;
