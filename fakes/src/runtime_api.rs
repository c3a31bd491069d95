//! Lambda's Runtime API, limited to what a function uses.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{io, time::Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use crate::server::{FakeReply, Server};

const ROOT: &str = "/2018-06-01/runtime/";

/// One event on its way to the function.
#[derive(Debug)]
pub struct SentInvocation {
    /// JSON.
    pub event: Bytes,
    /// The ARN by which the function is invoked.
    pub arn: String,
    /// The deadline of the function.
    pub ends: OffsetDateTime,
}

/// A report from a process to Lambda, with the time of its arrival.
#[derive(Debug)]
pub enum RuntimeReport {
    /// It waits for the next event.
    Ready(Instant, oneshot::Sender<SentInvocation>),
    /// Its answer.
    Answer(Instant, Bytes),
    /// An error in an invocation, or in the start.
    Error(Bytes),
}

/// The Runtime API of one process.
pub struct RuntimeApi {
    server: Server,
    reports: mpsc::UnboundedReceiver<RuntimeReport>,
}

impl RuntimeApi {
    /// Starts it.
    pub async fn start() -> io::Result<Self> {
        let (sender, reports) = mpsc::unbounded_channel();
        let server = Server::start(0, move |request| serve(request, sender.clone()));
        Ok(Self { server: server.await?, reports })
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// The next report of the process; `None` once the server has stopped.
    pub async fn next(&mut self) -> Option<RuntimeReport> {
        self.reports.recv().await
    }
}

async fn serve(request: Request<Bytes>, sender: mpsc::UnboundedSender<RuntimeReport>) -> FakeReply {
    let now = Instant::now();
    let path = request.uri().path().strip_prefix(ROOT).unwrap_or_default();
    let steps: Vec<_> = path.split('/').collect();
    let report = match (request.method(), steps.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => return next(&sender, now).await,
        (&Method::POST, ["invocation", _, "response"]) => {
            RuntimeReport::Answer(now, request.into_body())
        }
        (&Method::POST, ["invocation", _, "error"] | ["init", "error"]) => {
            RuntimeReport::Error(request.into_body())
        }
        _ => return FakeReply::text(404, "text/plain", "no such method"),
    };
    // A finished test no longer listens.
    let _ = sender.send(report);
    FakeReply::json(202, &json!({"status": "OK"}))
}

async fn next(sender: &mpsc::UnboundedSender<RuntimeReport>, now: Instant) -> FakeReply {
    let (give, given) = oneshot::channel();
    let _ = sender.send(RuntimeReport::Ready(now, give));
    match given.await {
        Ok(invocation) => FakeReply::Answer(answer(invocation)),
        Err(_) => FakeReply::HangUp,
    }
}

fn answer(invocation: SentInvocation) -> Response<Bytes> {
    let deadline_ms = invocation.ends.unix_timestamp_nanos() / 1_000_000;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "00000000-5555-4555-8555-000000000000")
        .header("lambda-runtime-deadline-ms", deadline_ms.to_string())
        .header("lambda-runtime-invoked-function-arn", &invocation.arn)
        .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000");
    // An ARN that is not a valid header value is a mistake of the test; the function gets nothing.
    response.body(invocation.event).unwrap_or_default()
}
