//! What the API answers, well or badly.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::server::FakeReply;

/// One answer of the API.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    pub(super) fn ok(body: &Value) -> Self {
        Self::with(200, "application/json; charset=utf-8", body.to_string())
    }

    pub(super) fn no_content() -> Self {
        Self::with(204, "application/json; charset=utf-8", "")
    }

    fn with(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, body: body.into() }
    }

    /// 429 of the API itself, with JSON: ten requests are under way.
    pub fn too_many_requests() -> Self {
        let detail = "You have exceeded the limit of 10 simultaneous connections.";
        Problem::new(429, "Too Many Requests", detail).into()
    }

    /// 429 or 403 of the edge in front of the API, without JSON, at very high volume.
    pub fn at_the_edge(status: u16) -> Self {
        Self::with(status, "text/plain", "Access Denied")
    }

    /// A page of HTML, as 500 and 502 come from what is in front of the API.
    pub fn html(status: u16) -> Self {
        Self::with(status, "text/html", "<html><h1>The server has an error</h1></html>")
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl From<Answer> for FakeReply {
    fn from(answer: Answer) -> Self {
        Self::text(answer.status, answer.content_type, answer.body)
    }
}

/// A refusal, as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) title: &'static str,
    pub(super) detail: String,
    /// The fields that are at fault, each with a message.
    pub(super) errors: Vec<(String, String)>,
}

impl Problem {
    pub(super) fn new(status: u16, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), errors: Vec::new() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Resource Not Found", "The requested resource could not be found.")
    }

    pub(super) fn not_allowed(detail: &str) -> Self {
        Self::new(405, "Method Not Allowed", detail)
    }

    /// A body that the API's schema does not take.
    pub(super) fn invalid(field: &str, message: impl Into<String>) -> Self {
        let detail = "The resource submitted could not be validated. For field-specific details, \
                      see the 'errors' array.";
        let mut problem = Self::invalid_resource(detail);
        problem.errors.push((field.to_owned(), message.into()));
        problem
    }

    /// The same without a field.
    pub(super) fn invalid_resource(detail: impl Into<String>) -> Self {
        Self::new(400, "Invalid Resource", detail)
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let Problem { status, title, detail, errors } = problem;
        let mut body = json!({
            "type": "https://mailchimp.com/developer/marketing/docs/errors/", "title": title,
            "status": status, "detail": detail, "instance": "00000000-6666-4666-8666-000000000000",
        });
        if !errors.is_empty() {
            let error = |(field, message)| json!({"field": field, "message": message});
            body["errors"] = errors.into_iter().map(error).collect();
        }
        Self::with(status, "application/problem+json; charset=utf-8", body.to_string())
    }
}
