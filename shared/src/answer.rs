//! Answers to callers: the status table.
//!
//! Kratos must be able to handle every answer whatever the hook's settings, so an answer is 204,
//! 200 or 202 with a JSON object, or an error with Ory's message body. It never carries
//! `Retry-After`, which Kratos would obey without a limit.

use std::fmt;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlResponse;
use http::{
    HeaderMap, HeaderValue,
    header::{ALLOW, CONTENT_TYPE},
};
use serde_json::Value;

use crate::{
    auth::AuthError,
    envelope::{BodyError, EnvelopeError},
    key::EventId,
    outcome::Outcome,
    reply::Messages,
    telemetry::{LogEntry, Metric},
};

/// Why a caller of Ory's functions gets an error: the status, the id of the message and a text for
/// the end user. `docs/answers.md` lists our range of ids.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorResponse {
    /// Only POST is allowed.
    Method,
    /// The body is over the limit.
    TooLarge,
    /// The caller did not present the secret.
    Unauthenticated,
    /// The caller's secret is not available.
    SecretUnknown,
    /// The body is malformed or unusable.
    Malformed,
    /// The template has a fault.
    Template,
    /// Neither enqueued nor done.
    Unfinished,
}

impl ErrorResponse {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Method,
        Self::TooLarge,
        Self::Unauthenticated,
        Self::SecretUnknown,
        Self::Malformed,
        Self::Template,
        Self::Unfinished,
    ];

    /// The status code.
    pub fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::TooLarge => 413,
            Self::Unauthenticated => 401,
            Self::SecretUnknown | Self::Unfinished => 503,
            Self::Malformed => 400,
            Self::Template => 422,
        }
    }

    /// The word for the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Method => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::Unauthenticated => "unauthorized",
            Self::SecretUnknown => "caller_secret_unknown",
            Self::Malformed => "malformed",
            Self::Template => "template_fault",
            Self::Unfinished => "unfinished",
        }
    }

    fn message_id(self) -> i64 {
        match self {
            Self::Malformed => 8_100_400,
            Self::Unauthenticated => 8_100_401,
            Self::Method => 8_100_405,
            Self::TooLarge => 8_100_413,
            Self::Template => 8_100_422,
            Self::SecretUnknown => 8_100_502,
            Self::Unfinished => 8_100_503,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Method | Self::Malformed | Self::TooLarge | Self::Template => {
                "This request could not be processed. Please contact support if it happens again."
            }
            Self::Unauthenticated => "This request is not allowed.",
            Self::SecretUnknown | Self::Unfinished => {
                "This service is not available at the moment. Please try again later."
            }
        }
    }

    /// The answer in Ory's shape.
    pub fn for_ory(self) -> WebhookResponse {
        let messages = Messages::error(self.message_id(), self.text(), None);
        let allow = (self == Self::Method).then_some("POST");
        WebhookResponse { status: self.status(), allow, body: Some(messages.body()) }
    }
}

/// A caller that is rejected, and why.
#[derive(Clone, Debug)]
pub struct RequestError {
    /// The answer to the caller.
    pub refusal: ErrorResponse,
    /// Why, for the log; contains nothing of the request.
    pub cause: String,
    /// What is counted.
    pub counts: Option<Metric>,
}

impl RequestError {
    /// Rejected because of an error.
    pub fn new(refusal: ErrorResponse, cause: &dyn std::error::Error) -> Self {
        Self::because(refusal, cause.to_string())
    }

    /// Rejected because of its method.
    pub fn method() -> Self {
        Self::because(ErrorResponse::Method, "method not allowed".to_owned())
    }

    fn because(refusal: ErrorResponse, cause: String) -> Self {
        let counts = match refusal {
            ErrorResponse::Unauthenticated => Some(Metric::Unauthorized),
            ErrorResponse::SecretUnknown => Some(Metric::Blocked),
            _ => None,
        };
        Self { refusal, cause, counts }
    }

    /// Adds it to the log entry, with its metrics.
    pub fn describe(&self, entry: &mut LogEntry) {
        entry.outcome = self.refusal.word();
        entry.cause = Some(self.cause.clone());
        self.counts.into_iter().for_each(|metric| entry.count(metric));
    }
}

impl From<EnvelopeError> for RequestError {
    fn from(error: EnvelopeError) -> Self {
        let refusal = match error {
            EnvelopeError::Foreign => ErrorResponse::Malformed,
            EnvelopeError::TooLarge => ErrorResponse::TooLarge,
        };
        Self::new(refusal, &error)
    }
}

impl From<AuthError> for RequestError {
    fn from(error: AuthError) -> Self {
        let refusal = match error {
            AuthError::Mismatch => ErrorResponse::Unauthenticated,
            AuthError::Unreadable(_) | AuthError::Unusable => ErrorResponse::SecretUnknown,
        };
        Self::new(refusal, &error)
    }
}

impl From<BodyError> for RequestError {
    fn from(error: BodyError) -> Self {
        let refusal = match error {
            BodyError::TooLarge => ErrorResponse::TooLarge,
            BodyError::NotText | BodyError::NotBase64 => ErrorResponse::Malformed,
        };
        Self::new(refusal, &error)
    }
}

/// The answer to Ory for an event that was delivered inline.
pub fn for_ory(outcome: &Outcome, key: &EventId) -> WebhookResponse {
    match outcome {
        Outcome::Delivered { .. } | Outcome::Duplicate | Outcome::Rejected { .. } => {
            WebhookResponse::json(200, outcome.body(key))
        }
        Outcome::Accepted => WebhookResponse::json(202, outcome.body(key)),
        Outcome::Skipped { .. } => WebhookResponse::empty(204),
        Outcome::TemplateFault(_) => ErrorResponse::Template.for_ory(),
        Outcome::TryLater { .. } | Outcome::Blocked(_) | Outcome::InDoubt { .. } => {
            ErrorResponse::Unfinished.for_ory()
        }
    }
}

/// An answer over HTTP.
#[derive(Clone, PartialEq)]
pub struct WebhookResponse {
    /// The status code.
    pub status: u16,
    /// The methods that are allowed, where another was used.
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

    /// The answer as Lambda's function URL takes it.
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
    /// The body may hold an identity's traits, where a reply template gives them: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer {}", self.status)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;
    use crate::template::TemplateFault;

    #[test]
    fn every_outcome_has_its_answer() {
        let key = EventId::digest(b"event");
        let id = key.as_str();
        let vendor = json!({"status": "sent", "message_id": "m"});
        let table = [
            (
                Outcome::delivered(vendor.clone()),
                200,
                Some(json!({"status": "delivered", "id": id, "vendor": vendor})),
            ),
            (Outcome::Duplicate, 200, Some(json!({"status": "duplicate", "id": id}))),
            (
                Outcome::Rejected { reason: "spam".to_owned() },
                200,
                Some(json!({"status": "rejected", "id": id, "reason": "spam"})),
            ),
            (Outcome::Skipped { reason: "cancelled" }, 204, None),
        ];
        for (outcome, status, body) in table {
            let answer = for_ory(&outcome, &key);
            assert_eq!((answer.status, answer.body), (status, body), "{outcome:?}");
        }
        let accepted = for_ory(&Outcome::Accepted, &key);
        assert_eq!(
            (accepted.status, accepted.body),
            (202, Some(json!({"status": "accepted", "id": id})))
        );
        let errors = [
            (Outcome::TemplateFault(TemplateFault::new("t", "x")), 422),
            (Outcome::try_later("x"), 503),
            (Outcome::blocked("x"), 503),
            (Outcome::in_doubt("x"), 503),
        ];
        for (outcome, status) in errors {
            assert_eq!(for_ory(&outcome, &key).status, status, "{outcome:?}");
        }
    }

    #[test]
    fn every_error_response_is_valid_for_kratos() {
        let mut ids = HashSet::new();
        for refusal in ErrorResponse::ALL {
            let answer = refusal.for_ory();
            assert!(answer.status >= 400 && answer.status != 429);
            let body = answer.body.unwrap();
            let message = &body["messages"][0]["messages"][0];
            assert_eq!(body["messages"][0]["instance_ptr"], "#/");
            assert_eq!((&message["type"], &message["context"]), (&json!("error"), &json!({})));
            assert!(ids.insert(message["id"].as_i64().unwrap()), "{refusal:?} shares its id");
        }
    }

    #[test]
    fn no_answer_has_retry_after() {
        for refusal in ErrorResponse::ALL {
            let lambda = refusal.for_ory().into_lambda();
            assert!(!lambda.headers.contains_key("retry-after"));
        }
    }
}
