//! Lambda's Runtime API, with a clock in its hand.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response};
use ory_actions::server::{Reply, Server};
use shared::lambda::LAMBDA_TIMEOUT;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

const ROOT: &str = "/2018-06-01/runtime/";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:mandrill-welcome";

/// What a process tells Lambda.
pub(crate) enum Told {
    /// It waits for the next event, since then.
    Ready(Instant, oneshot::Sender<Bytes>),
    /// Its answer, which came then.
    Answer(Instant, Bytes),
    /// It could not answer, or not start.
    Error(Bytes),
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
    let now = Instant::now();
    let path = request.uri().path().strip_prefix(ROOT).unwrap_or_default();
    let steps: Vec<_> = path.split('/').collect();
    let told = match (request.method(), steps.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => return next(&tell, now).await,
        (&Method::POST, ["invocation", _, "response"]) => Told::Answer(now, request.into_body()),
        (&Method::POST, ["invocation", _, "error"] | ["init", "error"]) => {
            Told::Error(request.into_body())
        }
        _ => return Reply::text(404, "text/plain", "no such method"),
    };
    let _ = tell.send(told);
    Reply::text(202, "application/json", r#"{"status":"OK"}"#)
}

async fn next(tell: &mpsc::UnboundedSender<Told>, now: Instant) -> Reply {
    let (give, given) = oneshot::channel();
    let _ = tell.send(Told::Ready(now, give));
    match given.await {
        Ok(event) => Reply::Answer(invocation(event)),
        Err(_) => Reply::HangUp,
    }
}

fn invocation(event: Bytes) -> Response<Bytes> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", Uuid::from_u128(fastrand::u128(..)).to_string())
        .header(
            "lambda-runtime-deadline-ms",
            (since_epoch + LAMBDA_TIMEOUT).as_millis().to_string(),
        )
        .header("lambda-runtime-invoked-function-arn", ARN)
        .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000");
    response.body(event).expect("these are headers' values")
}
