//! The calls of the API.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;

/// The root of all paths.
pub(super) const ROOT: &str = "/3.0";

/// One call that arrived.
#[derive(Clone, Debug)]
pub struct MailchimpCall {
    /// The method.
    pub method: Method,
    /// The path, as it was sent: `/3.0/lists/…`
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The API key that it carries, by Basic or Bearer.
    pub key: Option<String>,
    /// The body; null if there is none, or it is not JSON.
    pub body: Value,
}

impl MailchimpCall {
    /// Reads a request.
    pub fn read(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let authorization = request.headers().get(AUTHORIZATION);
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            key: authorization.and_then(|header| key(header.to_str().ok()?)),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        }
    }

    /// The parts of the path under the root, decoded; `None` for another root.
    pub(super) fn steps(&self) -> Option<Vec<String>> {
        let rest = self.path.strip_prefix(ROOT)?.trim_matches('/');
        let decoded = |step: &str| percent_decode_str(step).decode_utf8_lossy().into_owned();
        Some(rest.split('/').map(decoded).collect())
    }

    /// The value of a query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it may change something.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

/// The method, what it is about, and the address and the status if it has any; without the name of a
/// contact, which tells a person nothing.
impl fmt::Display for MailchimpCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.strip_prefix(ROOT).unwrap_or(&self.path);
        let steps: Vec<_> = path.trim_matches('/').split('/').collect();
        write!(f, "Mailchimp: {}", self.method)?;
        match steps.as_slice() {
            ["lists", _, what, rest @ ..] => {
                write!(f, " {what}")?;
                rest.iter().skip(1).try_for_each(|step| write!(f, "/{step}"))?;
            }
            _ => write!(f, " {}", steps.join("/"))?,
        }
        let texts = ["email_address", "status", "status_if_new"].map(|name| &self.body[name]);
        texts.iter().filter_map(|text| text.as_str()).try_for_each(|text| write!(f, " {text}"))
    }
}

/// The password of HTTP Basic, whatever the user name, or the token of Bearer.
fn key(header: &str) -> Option<String> {
    if let Some(token) = header.strip_prefix("Bearer ") {
        return Some(token.to_owned());
    }
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}
