//! Why a call failed. An answer's body may quote the request, or hold a secret: none of it is shown
//! but the name of the error.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};

use crate::http::{Cause, Error, Response};

/// The names of errors by which a service says that it is asked too often, of
/// `aws_runtime::retries::classifiers`.
const THROTTLED: [&str; 13] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// The names of errors that pass soon, of the same list, and one more of DynamoDB's:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
const TRANSIENT: [&str; 3] =
    ["RequestTimeout", "RequestTimeoutException", "TransactionInProgressException"];

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The service refused it.
    #[error("{0}")]
    Refused(Refusal),
    /// The service performed it, and its answer cannot be read.
    #[error("the answer of AWS cannot be read")]
    Unreadable,
    /// There was no answer.
    #[error("AWS gave no answer")]
    Unanswered(#[source] Error),
    /// It could not be made.
    #[error("the call of AWS cannot be made")]
    Unsendable(#[source] Cause),
    /// There was no time left for it.
    #[error("no time left to call AWS")]
    Late,
}

impl CallError {
    /// Whether the same call may succeed soon.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.may_pass(),
            Self::Unanswered(error) => !matches!(error, Error::Unsendable(_)),
            Self::Unreadable | Self::Unsendable(_) | Self::Late => false,
        }
    }
}

/// A service's error.
pub(crate) struct Refusal {
    status: u16,
    name: Option<String>,
    body: Bytes,
}

impl Refusal {
    /// What `answer`, which is not a success, says.
    pub(super) fn of(answer: Response) -> Self {
        Self { status: answer.status, name: name(&answer), body: answer.body }
    }

    /// Whether this is the error of that name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// What the error's body says, for a caller that knows this error.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The error's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("unnamed")
    }

    /// Whether the service will refuse the same call again: it is the caller's fault.
    pub(crate) fn is_definite(&self) -> bool {
        matches!(self.status, 400..=499) && !self.may_pass()
    }

    fn may_pass(&self) -> bool {
        let is_among = |names: &[&str]| names.iter().any(|name| self.is(name));
        matches!(self.status, 429 | 500..=599) || is_among(&THROTTLED) || is_among(&TRANSIENT)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AWS answered {}: {}", self.status, self.name())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of an error: `Name`, `namespace#Name`, `Name:URL` or `namespace#Name:URL`, in a header or
/// in the body; or `Name;Sender` in the header of SQS' older protocol.
/// <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization>
fn name(answer: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "__type", alias = "code")]
        kind: String,
    }

    let header = |name: &str| answer.headers.get(name)?.to_str().ok().map(str::to_owned);
    let in_body = || Some(serde_json::from_slice::<Body>(&answer.body).ok()?.kind);
    let found =
        header("x-amzn-errortype").or_else(in_body).or_else(|| header("x-amzn-query-error"))?;
    let found = found.split([':', ';']).next()?;
    let found = found.rsplit('#').next()?.trim();
    let is_word = !found.is_empty() && found.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers = headers.collect::<HeaderMap>();
        Response { status, headers, body: body.to_owned().into() }
    }

    #[test]
    fn error_name_is_read_in_each_form() {
        let (in_header, older) = ("x-amzn-errortype", "x-amzn-query-error");
        for (headers, body, name) in [
            (&[][..], r#"{"__type":"Foo"}"#, "Foo"),
            (&[], r#"{"__type":"com.amazonaws.dynamodb.v20120810#Foo","message":"m"}"#, "Foo"),
            (&[], r#"{"__type":"a.b#Foo:http://internal.amazon.com/c#d/"}"#, "Foo"),
            (&[], r#"{"code":"Foo"}"#, "Foo"),
            (&[(in_header, "Foo:http://internal.amazon.com/coral/")], "", "Foo"),
            (&[(in_header, "Foo")], r#"{"__type":"Bar"}"#, "Foo"),
            (&[(older, "Foo;Sender")], "", "Foo"),
            (&[(older, "Bar;Sender")], r#"{"__type":"com.amazonaws.sqs#Foo"}"#, "Foo"),
            (&[], "<html>Foo</html>", "unnamed"),
            (&[], "", "unnamed"),
            (&[], "{}", "unnamed"),
            (&[], r#"{"__type":""}"#, "unnamed"),
            (&[], r#"{"__type":["Foo"]}"#, "unnamed"),
            (&[], r#"{"__type":"the name: hunter2"}"#, "unnamed"),
            (&[(in_header, "not a name")], "", "unnamed"),
        ] {
            let refusal = Refusal::of(answer(400, headers, body));
            assert_eq!(refusal.to_string(), format!("AWS answered 400: {name}"), "{body}");
            assert_eq!(refusal.is("Foo"), name == "Foo");
        }
    }

    #[test]
    fn throttled_call_and_failure_of_the_service_may_pass() {
        for (status, name, passes) in [
            (400, "ThrottlingException", true),
            (400, "ProvisionedThroughputExceededException", true),
            (400, "RequestThrottled", true),
            (400, "RequestTimeout", true),
            (400, "ValidationException", false),
            (400, "ConditionalCheckFailedException", false),
            (403, "AccessDeniedException", false),
            (404, "Unnamed", false),
            (429, "Unnamed", true),
            (500, "InternalServerError", true),
            (503, "ServiceUnavailable", true),
        ] {
            let body = format!(r#"{{"__type":"ns#{name}"}}"#);
            let refusal = Refusal::of(answer(status, &[], &body));
            assert_eq!(CallError::Refused(refusal).may_pass(), passes, "{status} {name}");
        }
    }
}
