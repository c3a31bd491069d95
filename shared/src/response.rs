//! A function's answer over HTTP, independent of its content.

use std::fmt;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlResponse;
use http::{
    HeaderMap, HeaderValue,
    header::{ALLOW, CONTENT_TYPE},
};
use serde_json::Value;

/// An answer over HTTP.
#[derive(Clone, PartialEq)]
pub struct WebhookResponse {
    /// The status code.
    pub status: u16,
    /// The allowed methods, if another was used.
    pub allow: Option<&'static str>,
    /// The JSON body; without one the body is empty.
    pub body: Option<Value>,
}

impl WebhookResponse {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, allow: None, body: None }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, allow: None, body: Some(body) }
    }

    /// The answer as Lambda's function URL expects it.
    pub fn into_lambda(self) -> LambdaFunctionUrlResponse {
        let mut headers = HeaderMap::new();
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        let mut response = LambdaFunctionUrlResponse::default();
        response.status_code = i64::from(self.status);
        response.headers = headers;
        response.body = self.body.map(|body| body.to_string());
        response
    }
}

impl fmt::Debug for WebhookResponse {
    /// The body may contain an identity's traits, if a reply template gives them: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer {}", self.status)
    }
}
