//! Lambda's Runtime API, as far as a function uses it.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use bytes::Bytes;
use http::{Method, Request, Response};
use ory_actions::server::{Reply, Server};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

const ROOT: &str = "/2018-06-01/runtime/";

/// One event on its way to the function.
pub(crate) struct Invocation {
    /// JSON.
    pub(crate) event: String,
    pub(crate) arn: String,
    pub(crate) ends: OffsetDateTime,
}

/// What a process tells Lambda.
pub(crate) enum Told {
    /// It waits for the next event.
    Ready(oneshot::Sender<Invocation>),
    /// Its answer.
    Answer(Value),
    /// It could not answer, or not start.
    Error(Value),
}

/// The Runtime API of one process.
pub(crate) struct RuntimeApi {
    server: Server,
    told: mpsc::UnboundedReceiver<Told>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let server = Server::start(0, move |request| serve(request, tell.clone()));
        Self { server: server.await.expect("loopback has a free port"), told }
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// What the process tells next.
    pub(crate) async fn told(&mut self) -> Told {
        self.told.recv().await.expect("the server holds the other end")
    }
}

async fn serve(request: Request<Bytes>, tell: mpsc::UnboundedSender<Told>) -> Reply {
    let body = serde_json::from_slice(request.body()).unwrap_or_default();
    let path = request.uri().path().strip_prefix(ROOT).unwrap_or_default();
    let steps: Vec<_> = path.split('/').collect();
    let told = match (request.method(), steps.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => return next(&tell).await,
        (&Method::POST, ["invocation", _, "response"]) => Told::Answer(body),
        (&Method::POST, ["invocation", _, "error"] | ["init", "error"]) => Told::Error(body),
        _ => return Reply::text(404, "text/plain", "no such method"),
    };
    // A test that has ended listens no more.
    let _ = tell.send(told);
    Reply::json(202, &json!({"status": "OK"}))
}

async fn next(tell: &mpsc::UnboundedSender<Told>) -> Reply {
    let (give, given) = oneshot::channel();
    let _ = tell.send(Told::Ready(give));
    match given.await {
        Ok(invocation) => Reply::Answer(answer(invocation)),
        Err(_) => Reply::HangUp,
    }
}

fn answer(invocation: Invocation) -> Response<Bytes> {
    let deadline_ms = invocation.ends.unix_timestamp_nanos() / 1_000_000;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "00000000-5555-4555-8555-000000000000")
        .header("lambda-runtime-deadline-ms", deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", &invocation.arn)
        .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000");
    response.body(invocation.event.into()).expect("an ARN is a header's value")
}
