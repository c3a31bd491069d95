//! Outbound HTTP: one port, whose error says whether the request can have reached the other side.

mod address;
mod client;
mod connecting;
mod peer;
#[cfg(feature = "aws")]
mod sdk;

use std::{fmt, time::Duration};

use ::http::{
    HeaderMap, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use async_trait::async_trait;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use address::is_public;
pub use client::{Client, ClientError};
pub use peer::{CONNECT_LIMIT, Peer, connect};

/// How much of an answer is read, in bytes. No vendor's answer to us comes near it; the rest is cut
/// off, so that a broken or malicious peer cannot fill the memory.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// One request.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long the attempt may take, from connect to the last byte of the answer.
    pub timeout: Duration,
}

impl Request {
    /// A POST of a JSON body.
    pub fn post_json(url: Url, body: String, timeout: Duration) -> Self {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
        Self { method: Method::POST, url, headers, body: body.into(), timeout }
    }

    /// The same with a bearer token (RFC 6750). An invalid header value is left out: without it the
    /// peer rejects the call.
    #[must_use]
    pub fn bearer(mut self, token: &SecretString) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())) {
            value.set_sensitive(true);
            self.headers.insert(AUTHORIZATION, value);
        }
        self
    }
}

impl fmt::Debug for Request {
    /// Bodies, query strings and paths contain keys and personal data: none is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.origin().ascii_serialization())
    }
}

/// One answer, whatever its status.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, cut off at [`MAX_ANSWER_BYTES`].
    pub body: Bytes,
}

impl Response {
    /// How long the peer asks us to wait: `Retry-After` in seconds. A date is not read: no
    /// vendor of ours sends one.
    pub fn retry_after(&self) -> Option<Duration> {
        self.seconds(::http::header::RETRY_AFTER.as_str())
    }

    /// A header that holds a number of seconds.
    pub fn seconds(&self, header: &str) -> Option<Duration> {
        let seconds = self.headers.get(header)?.to_str().ok()?;
        seconds.trim().parse().ok().map(Duration::from_secs)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}, {} bytes", self.status, self.body.len())
    }
}

/// No complete answer arrived.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection was never made: the other side cannot have acted on the request.
    #[error("the request was not written")]
    NotWritten(#[source] Cause),
    /// The request cannot be made as it is, today or later: nothing was written.
    #[error("the request cannot be made")]
    Unsendable(#[source] Cause),
    /// Anything else: the other side may have acted on the request.
    #[error("the request was maybe written, and no answer came")]
    MaybeWritten(#[source] Cause),
}

/// The source of an [`Error`].
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Sends requests. Follows no redirect and reads at most [`MAX_ANSWER_BYTES`].
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends one request, once.
    async fn send(&self, request: Request) -> Result<Response, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(token: &str) -> Option<HeaderValue> {
        let url = Url::parse("https://example.com/").unwrap();
        let request = Request::post_json(url, String::new(), Duration::from_secs(1));
        request.bearer(&token.to_owned().into()).headers.remove(AUTHORIZATION)
    }

    #[test]
    fn bearer_token_header_is_redacted() {
        let value = bearer("ory_pat_x").unwrap();
        assert_eq!(value.to_str().unwrap(), "Bearer ory_pat_x");
        assert!(value.is_sensitive());
        assert!(bearer("a\nb").is_none());
    }
}
