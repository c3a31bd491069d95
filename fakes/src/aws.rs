//! Shared by the fakes for AWS: its JSON protocol, and faults on demand.

use std::{collections::HashMap, io, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, ready};
use http::{Method, Request, Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::Shared;
use crate::server::{FakeReply, Server};

/// How one service behaves.
pub trait Service: Default + Send + 'static {
    /// The name of the service in a target, before the dot.
    const TARGET: &'static str;

    /// The version of the protocol.
    const PROTOCOL: &'static str = "application/x-amz-json-1.0";

    /// Performs a call, and returns the body of the answer.
    fn perform(&mut self, operation: &str, input: &Value) -> Result<Value, Refusal>;
}

/// An error from a service.
#[derive(Debug, thiserror::Error)]
#[error("{status} {body}")]
pub struct Refusal {
    status: u16,
    query_code: Option<&'static str>,
    body: Value,
}

impl Refusal {
    /// A 400 with this type.
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        let body = json!({"__type": kind, "message": message.into()});
        Self { status: 400, query_code: None, body }
    }

    /// The same, with the name of the error in the older query protocol: if a service sends it, the
    /// SDKs use it.
    pub(super) fn query_code(self, code: &'static str) -> Self {
        Self { query_code: Some(code), ..self }
    }

    /// The same, with one more field in its body.
    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        self.body[field] = value;
        self
    }

    /// An operation that the fake does not have.
    pub(super) fn unknown(operation: &str) -> Self {
        Self::new("com.amazon.coral.service#UnknownOperationException", operation)
    }
}

/// Rejects input with a field that the fake would ignore.
pub(super) fn check_fields(input: &Value, known: &[&str]) -> Result<(), Refusal> {
    let mut fields = input.as_object().into_iter().flat_map(serde_json::Map::keys);
    match fields.find(|field| !known.contains(&field.as_str())) {
        Some(field) => Err(malformed(format!("the fake does not know {field}"))),
        None => Ok(()),
    }
}

#[derive(Default)]
struct State<S> {
    service: S,
    faults: Faults,
    calls: HashMap<String, usize>,
}

#[derive(Default)]
struct Faults {
    down: bool,
    delay: Duration,
    hanging_up: bool,
    failures_left: usize,
    hang_ups_left: usize,
    forbidden: Vec<&'static str>,
}

/// A running fake of an AWS service.
pub struct AwsServer<S: Service> {
    state: Shared<State<S>>,
    server: Server,
}

impl<S: Service> AwsServer<S> {
    /// Starts it on `port`, 0 for any; it is empty.
    pub async fn start(port: u16) -> io::Result<Self> {
        let state = Shared::<State<S>>::default();
        let shared = state.clone();
        let server = Server::start(port, move |request| {
            if request.method() == Method::GET {
                return Either::Left(ready(FakeReply::text(200, "text/plain", "healthy")));
            }
            let mut state = shared.lock();
            let reply = answer(&mut state, &request);
            let delay = state.faults.delay;
            drop(state);
            // A timer takes a millisecond even if there is nothing to wait for.
            let reply =
                if delay.is_zero() { reply } else { FakeReply::After(delay, Box::new(reply)) };
            Either::Right(ready(reply))
        });
        Ok(Self { state, server: server.await? })
    }

    /// Its endpoint, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Makes every call fail with a 500 without performing it, or ends that.
    pub fn set_down(&self, down: bool) {
        self.state.lock().faults.down = down;
    }

    /// Makes this number of calls fail with a 500 without performing them.
    pub fn fail_next(&self, calls: usize) {
        self.state.lock().faults.failures_left = calls;
    }

    /// Refuses every call of one operation, as a policy does.
    pub fn forbid(&self, operation: &'static str) {
        self.state.lock().faults.forbidden.push(operation);
    }

    /// Ends that.
    pub fn allow(&self, operation: &str) {
        self.state.lock().faults.forbidden.retain(|forbidden| *forbidden != operation);
    }

    /// Delays every answer. The call itself is performed at once.
    pub fn set_delay(&self, delay: Duration) {
        self.state.lock().faults.delay = delay;
    }

    /// Performs calls and closes their connections without an answer, or ends that.
    pub fn hang_up_after_doing(&self, hanging_up: bool) {
        self.state.lock().faults.hanging_up = hanging_up;
    }

    /// Performs this number of calls and closes their connections without an answer.
    pub fn hang_up_next(&self, calls: usize) {
        self.state.lock().faults.hang_ups_left = calls;
    }

    /// How many calls arrived, failed ones included.
    pub fn calls(&self) -> usize {
        self.state.lock().calls.values().sum()
    }

    /// How many calls of one operation arrived, failed ones included.
    pub fn calls_of(&self, operation: &str) -> usize {
        self.state.lock().calls.get(operation).copied().unwrap_or_default()
    }

    /// Reads or changes the state of the service.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut S) -> T) -> T {
        look(&mut self.state.lock().service)
    }
}

fn answer<S: Service>(state: &mut State<S>, request: &Request<Bytes>) -> FakeReply {
    let operation = operation::<S>(request).unwrap_or_default();
    *state.calls.entry(operation.to_owned()).or_default() += 1;
    let faults = &mut state.faults;
    if spend(&mut faults.failures_left) || faults.down {
        let refusal = Refusal::new("com.amazon.coral.service#InternalFailure", "down");
        return reply::<S>(Err(Refusal { status: 500, ..refusal }));
    }
    if faults.forbidden.contains(&operation) {
        let refusal = Refusal::new("com.amazon.coral.service#AccessDeniedException", "forbidden");
        return reply::<S>(Err(refusal));
    }
    let input = serde_json::from_slice::<Value>(request.body()).ok().filter(Value::is_object);
    let outcome = match input {
        Some(input) => state.service.perform(operation, &input),
        None => Err(malformed("not a JSON object")),
    };
    if spend(&mut faults.hang_ups_left) || faults.hanging_up {
        return FakeReply::HangUp;
    }
    reply::<S>(outcome)
}

fn operation<S: Service>(request: &Request<Bytes>) -> Option<&str> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    target.strip_prefix(S::TARGET)?.strip_prefix('.')
}

/// Decrements the number that is left, if it is not zero.
fn spend(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new("com.amazon.coral.service#SerializationException", message)
}

fn reply<S: Service>(outcome: Result<Value, Refusal>) -> FakeReply {
    let response = Response::builder().header(CONTENT_TYPE, S::PROTOCOL);
    let (response, body) = match outcome {
        Ok(body) => (response, body),
        Err(Refusal { status, query_code, body }) => {
            let response = response.status(status);
            let response = match query_code {
                Some(code) => response.header("x-amzn-query-error", format!("{code};Sender")),
                None => response,
            };
            (response, body)
        }
    };
    FakeReply::Answer(response.body(body.to_string().into()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use shared::http::{Client, Error, Http};

    use super::*;

    /// Counts calls.
    #[derive(Default)]
    struct Counter(u64);

    impl Service for Counter {
        const TARGET: &'static str = "Counter_1";

        fn perform(&mut self, operation: &str, input: &Value) -> Result<Value, Refusal> {
            check_fields(input, &["By"])?;
            match (operation, input["By"].as_u64()) {
                ("Count", Some(by)) => {
                    self.0 += by;
                    Ok(json!({"Count": self.0}))
                }
                ("Count", None) => Err(Refusal::new("counter#Missing", "By").query_code("Old")),
                _ => Err(Refusal::unknown(operation)),
            }
        }
    }

    async fn call(
        counter: &AwsServer<Counter>,
        target: &'static str,
        body: &str,
    ) -> Result<shared::http::Response, Error> {
        let timeout = Duration::from_secs(5);
        let url = counter.url().parse().unwrap();
        let mut request = shared::http::Request::post_json(url, body.to_owned(), timeout);
        request.headers.insert("x-amz-target", http::HeaderValue::from_static(target));
        Client::new().unwrap().send(request).await
    }

    async fn count(counter: &AwsServer<Counter>) -> Result<u16, Error> {
        Ok(call(counter, "Counter_1.Count", r#"{"By": 1}"#).await?.status)
    }

    #[tokio::test]
    async fn the_protocol() {
        let counter = AwsServer::<Counter>::start(0).await.unwrap();
        for (target, body, status, answer) in [
            ("Counter_1.Count", r#"{"By": 2}"#, 200, json!({"Count": 2})),
            ("Counter_1.Count", "{}", 400, json!({"__type": "counter#Missing", "message": "By"})),
            (
                "Counter_1.Other",
                "{}",
                400,
                json!({
                    "__type": "com.amazon.coral.service#UnknownOperationException",
                    "message": "Other",
                }),
            ),
            (
                "Counter_1.Count",
                "[]",
                400,
                json!({
                    "__type": "com.amazon.coral.service#SerializationException",
                    "message": "not a JSON object",
                }),
            ),
            (
                "Counter_1.Count",
                r#"{"By": 1, "To": 2}"#,
                400,
                json!({
                    "__type": "com.amazon.coral.service#SerializationException",
                    "message": "the fake does not know To",
                }),
            ),
        ] {
            let response = call(&counter, target, body).await.unwrap();
            assert_eq!(response.status, status, "{body}");
            assert_eq!(response.headers[CONTENT_TYPE], "application/x-amz-json-1.0");
            let error = response.headers.get("x-amzn-query-error").map(http::HeaderValue::as_bytes);
            assert_eq!(
                error,
                (body == "{}" && target.ends_with("Count")).then_some(&b"Old;Sender"[..])
            );
            assert_eq!(serde_json::from_slice::<Value>(&response.body).unwrap(), answer);
        }
        assert_eq!(counter.calls(), 5);
        assert_eq!(counter.calls_of("Count"), 4);
    }

    #[tokio::test]
    async fn down() {
        let counter = AwsServer::<Counter>::start(0).await.unwrap();
        counter.set_down(true);
        assert_eq!(count(&counter).await.unwrap(), 500);
        counter.set_down(false);
        assert_eq!(count(&counter).await.unwrap(), 200);
        counter.fail_next(2);
        assert_eq!(count(&counter).await.unwrap(), 500);
        assert_eq!(count(&counter).await.unwrap(), 500);
        assert_eq!(count(&counter).await.unwrap(), 200);
        assert_eq!(counter.with(|counter| counter.0), 2);
        assert_eq!(counter.calls(), 5);
    }

    #[tokio::test]
    async fn forbidden_operation() {
        let counter = AwsServer::<Counter>::start(0).await.unwrap();
        counter.forbid("Other");
        assert_eq!(count(&counter).await.unwrap(), 200);
        counter.forbid("Count");
        assert_eq!(count(&counter).await.unwrap(), 400);
        assert_eq!(counter.with(|counter| counter.0), 1);
        counter.allow("Count");
        assert_eq!(count(&counter).await.unwrap(), 200);
    }

    #[tokio::test]
    async fn hanging_up_after_doing() {
        let counter = AwsServer::<Counter>::start(0).await.unwrap();
        counter.hang_up_after_doing(true);
        assert!(matches!(count(&counter).await, Err(Error::MaybeWritten(_))));
        counter.hang_up_after_doing(false);
        assert_eq!(count(&counter).await.unwrap(), 200);
        counter.hang_up_next(1);
        assert!(matches!(count(&counter).await, Err(Error::MaybeWritten(_))));
        assert_eq!(count(&counter).await.unwrap(), 200);
        assert_eq!(counter.with(|counter| counter.0), 4);
    }

    #[tokio::test]
    async fn late() {
        let counter = AwsServer::<Counter>::start(0).await.unwrap();
        counter.set_delay(Duration::from_mins(1));
        let call = tokio::time::timeout(Duration::from_millis(200), count(&counter));
        assert!(call.await.is_err());
        assert_eq!(counter.with(|counter| counter.0), 1);
    }
}
