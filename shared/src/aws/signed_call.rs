//! Calls of a service by AWS' JSON protocol, each a signed POST.
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::{
    ATTEMPT, ATTEMPTS, OPERATION,
    credentials::{Kept, provided},
    endpoint::{Service, endpoint},
    refusal::{CallError, Refusal},
    signature::{Scope, sign},
};
use crate::http::{Http, Peer, Request, Response};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// The longest pause before another attempt. A random part of it: callers that were throttled
/// together do not return together.
const PAUSE: Duration = Duration::from_millis(100);

/// Lambda's trace, by which X-Ray joins what a queue separates, and by which Lambda notices a loop.
/// The SDK passes it on, too.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const TRACE_VARIABLE: &str = "_X_AMZN_TRACE_ID";
const IN_LAMBDA: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// How often a call is made, and for how long.
#[derive(Clone, Copy)]
struct Limits {
    attempts: u32,
    attempt: Duration,
    operation: Duration,
}

impl Limits {
    fn of(sdk: &SdkConfig) -> Self {
        let times = sdk.timeout_config();
        Self {
            attempts: sdk.retry_config().map_or(ATTEMPTS, RetryConfig::max_attempts),
            attempt: times.and_then(TimeoutConfig::operation_attempt_timeout).unwrap_or(ATTEMPT),
            operation: times.and_then(TimeoutConfig::operation_timeout).unwrap_or(OPERATION),
        }
    }
}

/// A client of one service.
pub(crate) struct SignedCalls {
    http: Arc<dyn Http>,
    service: &'static Service,
    endpoint: Result<Url, String>,
    region: Option<String>,
    provider: Option<SharedCredentialsProvider>,
    credentials: Kept,
    limits: Limits,
    variable: fn(&str) -> Option<String>,
}

impl SignedCalls {
    /// The client of `service`; `at` is where it is said to be.
    pub(super) fn new(
        sdk: &SdkConfig,
        http: Arc<dyn Http>,
        service: &'static Service,
        at: Option<&Url>,
    ) -> Self {
        Self {
            http,
            service,
            endpoint: endpoint(sdk, service, at).map_err(|cause| cause.to_string()),
            region: sdk.region().map(|region| region.as_ref().to_owned()),
            provider: sdk.credentials_provider(),
            credentials: Kept::default(),
            limits: Limits::of(sdk),
            variable: |name| std::env::var(name).ok(),
        }
    }

    /// Calls `operation`, and once more if that may help.
    ///
    /// # Errors
    /// It was not performed, or nobody knows whether it was.
    pub(crate) async fn call<O: DeserializeOwned>(
        &self,
        operation: &str,
        input: &(impl Serialize + Sync),
    ) -> Result<O, CallError> {
        let until = Instant::now() + self.limits.operation;
        let request = self.request(operation, input)?;
        let mut attempts = 1;
        loop {
            let failure = match self.attempt(&request, until).await {
                Ok(answer) => return read(&answer),
                Err(failure) => failure,
            };
            let pause = PAUSE.mul_f64(fastrand::f64());
            let is_time = Instant::now() + pause < until;
            if attempts >= self.limits.attempts || !failure.may_pass() || !is_time {
                return Err(failure);
            }
            attempts += 1;
            sleep(pause).await;
        }
    }

    /// The server that is called, if it is known.
    pub(crate) fn peer(&self) -> Option<Peer> {
        Some(Peer::of_aws(self.http.clone(), self.endpoint.as_ref().ok()?))
    }

    fn request(&self, operation: &str, input: &impl Serialize) -> Result<Unsigned, CallError> {
        let url = self.endpoint.clone().map_err(|error| CallError::Unsendable(error.into()))?;
        let unsendable = |error| CallError::Unsendable(error);
        let body = serde_json::to_vec(input).map_err(|error| unsendable(error.into()))?;
        let target = HeaderValue::from_str(&format!("{}.{operation}", self.service.target));
        let target = target.map_err(|error| unsendable(error.into()))?;
        let protocol = HeaderValue::from_static(self.service.protocol);
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, protocol), (TARGET, target)]);
        headers.extend(trace(self.variable).map(|trace| (TRACE, trace)));
        Ok(Unsigned { url, headers, body: body.into() })
    }

    async fn attempt(&self, request: &Unsigned, until: Instant) -> Result<Response, CallError> {
        let time = SystemTime::now();
        let credentials = self.credentials.at(time, async {
            let left = until.saturating_duration_since(Instant::now());
            timeout(left, provided(self.provider.as_ref())).await?
        });
        let identity = credentials.await.map_err(CallError::Unsendable)?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(CallError::Late);
        }
        let region = self.region.as_deref().ok_or("no AWS region is set");
        let region = region.map_err(|error| CallError::Unsendable(error.into()))?;
        let scope = Scope { identity: &identity, region, service: self.service.name, time };
        let mut request = request.within(self.limits.attempt.min(left));
        sign(&mut request, &scope).map_err(CallError::Unsendable)?;
        let answer = self.http.send(request).await.map_err(CallError::Unanswered)?;
        let is_success = (200..300).contains(&answer.status);
        if is_success { Ok(answer) } else { Err(CallError::Refused(Refusal::of(answer))) }
    }
}

/// A request that each attempt signs.
struct Unsigned {
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Unsigned {
    fn within(&self, timeout: Duration) -> Request {
        Request {
            method: Method::POST,
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            timeout,
        }
    }
}

/// The text of a JSON error may quote the answer, so it is dropped.
fn read<O: DeserializeOwned>(answer: &Response) -> Result<O, CallError> {
    // SQS answers with nothing where an operation has no output.
    let body: &[u8] = if answer.body.is_empty() { b"{}" } else { &answer.body };
    serde_json::from_slice(body).map_err(|_| CallError::Unreadable)
}

/// The trace of this invocation, of which `variable` tells.
fn trace(variable: impl Fn(&str) -> Option<String>) -> Option<HeaderValue> {
    variable(IN_LAMBDA)?;
    HeaderValue::from_str(&variable(TRACE_VARIABLE)?).ok()
}

#[cfg(test)]
mod tests;
