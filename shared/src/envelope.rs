//! The envelope: a function URL's event, opened as far as is needed before the caller is known.

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method};
use serde_json::Value;

/// The largest body we take, decoded, in bytes. Kratos' own templates yield at most 256 KiB, and
/// Mailchimp's largest forms are some kilobytes.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// An envelope that is turned away before anybody looks who sent it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not what a function URL sends.
    #[error("the event is not a function URL's")]
    Foreign,
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("the body is too large")]
    TooLarge,
}

/// A request, its body not yet decoded.
pub struct Request {
    method: Method,
    headers: HeaderMap,
    cookies: Vec<String>,
    query: String,
    body: Body,
}

enum Body {
    Text(String),
    Base64(String),
}

impl Body {
    /// The size once decoded; for base64 an upper bound that is at most two bytes off.
    fn decoded_len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Base64(text) => text.trim_end_matches('=').len() * 3 / 4,
        }
    }
}

impl Request {
    /// Opens the envelope.
    pub fn open(event: Value) -> Result<Self, EnvelopeError> {
        let event: LambdaFunctionUrlRequest =
            serde_json::from_value(event).map_err(|_| EnvelopeError::Foreign)?;
        let method = event.request_context.http.method.as_deref().unwrap_or_default();
        let text = event.body.unwrap_or_default();
        Ok(Self {
            method: method.parse().map_err(|_| EnvelopeError::Foreign)?,
            headers: event.headers,
            cookies: event.cookies.unwrap_or_default(),
            query: event.raw_query_string.unwrap_or_default(),
            body: if event.is_base64_encoded { Body::Base64(text) } else { Body::Text(text) },
        })
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Turns away what is too large.
    pub fn within_size(self) -> Result<Self, EnvelopeError> {
        if self.body.decoded_len() > MAX_BODY_BYTES {
            Err(EnvelopeError::TooLarge)
        } else {
            Ok(self)
        }
    }

    /// A header's values, the name in any case. Lambda joins repeated headers with a comma.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// The values of a cookie. Lambda lists cookies apart; other front ends leave them in the
    /// header.
    pub fn cookie(&self, name: &str) -> impl Iterator<Item = &str> {
        let listed = self.cookies.iter().map(String::as_str);
        listed
            .chain(self.header("cookie"))
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .filter(move |(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim())
    }

    /// The values of a query parameter, decoded.
    pub fn query(&self, name: &str) -> impl Iterator<Item = String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// A request whose caller is known. Only [`crate::auth`] makes one, so what takes this type
/// cannot be reached without authentication.
pub struct Authenticated(Request);

/// The body's base64 does not decode.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the body is not base64")]
pub struct NotBase64;

impl Authenticated {
    pub(crate) fn new(request: Request) -> Self {
        Self(request)
    }

    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name).next()
    }

    /// The body's bytes.
    pub fn into_body(self) -> Result<Vec<u8>, NotBase64> {
        match self.0.body {
            Body::Text(text) => Ok(text.into_bytes()),
            Body::Base64(text) => STANDARD.decode(text).map_err(|_| NotBase64),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(body: &str, base64: bool) -> Value {
        json!({
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": "secret=a%2Bb&x=1&secret=two",
            "cookies": ["key=one; other=2", "key=two"],
            "headers": {"X-Key": "value", "cookie": "key=three"},
            "requestContext": {"http": {"method": "POST"}, "timeEpoch": 0},
            "body": body,
            "isBase64Encoded": base64,
        })
    }

    #[test]
    fn headers_cookies_and_query_are_found() {
        let request = Request::open(event("", false)).unwrap();
        assert_eq!(request.header("x-key").collect::<Vec<_>>(), ["value"]);
        assert_eq!(request.cookie("key").collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(request.cookie("other").collect::<Vec<_>>(), ["2"]);
        assert_eq!(request.query("secret").collect::<Vec<_>>(), ["a+b", "two"]);
        assert_eq!(request.cookie("Key").count(), 0);
    }

    #[test]
    fn a_base64_body_is_decoded_and_a_broken_one_is_told() {
        let body = |text: &str, base64| {
            Authenticated::new(Request::open(event(text, base64)).unwrap()).into_body()
        };
        assert_eq!(body("{}", false).unwrap(), b"{}");
        assert_eq!(body("e30=", true).unwrap(), b"{}");
        assert_eq!(body("e30*", true), Err(NotBase64));
    }

    #[test]
    fn the_size_limit_is_that_of_the_decoded_body() {
        let fits =
            |text: &str, base64| Request::open(event(text, base64)).unwrap().within_size().is_ok();
        let most = "x".repeat(MAX_BODY_BYTES);
        assert!(fits(&most, false));
        assert!(fits(&STANDARD.encode(&most), true));
        assert!(!fits(&format!("{most}x"), false));
        assert!(!fits(&STANDARD.encode(format!("{most}x")), true));
    }

    #[test]
    fn what_is_no_function_url_event_is_foreign() {
        for event in [json!({}), json!({"Records": []}), json!(null), json!([1]), json!("x")] {
            assert_eq!(Request::open(event).err(), Some(EnvelopeError::Foreign));
        }
    }
}
