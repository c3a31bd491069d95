//! A hook target that records requests and gives scripted answers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use fakes::server::{FakeReply, Server};
use http::{HeaderMap, Request};
use serde_json::Value;
use tokio::time::sleep;

/// A hook in the background comes soon.
const PATIENCE: Duration = Duration::from_secs(30);

/// One request of Kratos'.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    /// When it came.
    pub(super) at: Instant,
    /// The path, by which a test tells its hooks apart.
    pub(super) path: String,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The body, if it is JSON.
    pub(super) body: Value,
}

impl Recorded {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct State {
    recorded: Vec<Recorded>,
    replies: HashMap<String, FakeReply>,
}

/// A running recorder.
pub(super) struct Recorder {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl Recorder {
    /// One that answers everybody with 204.
    pub(super) async fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        let server = Server::start(0, move |request| {
            let reply = record(&mut shared.lock().unwrap(), &request);
            async move { reply }
        });
        Self { state, server: server.await.unwrap() }
    }

    /// The URL of a path, which begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// What it answers to whatever is about the person with this address.
    pub(super) fn reply_about(&self, email: &str, reply: FakeReply) {
        self.state.lock().unwrap().replies.insert(email.to_owned(), reply);
    }

    /// All that has come.
    pub(super) fn recorded(&self) -> Vec<Recorded> {
        self.state.lock().unwrap().recorded.clone()
    }

    /// The same, once so many have come.
    pub(super) async fn until_called(&self, times: usize) -> Vec<Recorded> {
        let began = Instant::now();
        while self.recorded().len() < times {
            assert!(began.elapsed() < PATIENCE, "waited in vain for call {times}");
            sleep(Duration::from_millis(10)).await;
        }
        self.recorded()
    }

    /// What has come about the person with this address.
    pub(super) fn about(&self, email: &str) -> Vec<Recorded> {
        let mut recorded = self.recorded();
        recorded.retain(|recorded| recorded.body["identity"]["traits"]["email"] == email);
        recorded
    }

    /// The paths that have been called, once hooks in the background have had time to.
    pub(super) async fn paths_called(&self) -> Vec<String> {
        sleep(Duration::from_millis(500)).await;
        self.recorded().into_iter().map(|recorded| recorded.path).collect()
    }
}

fn record(state: &mut State, request: &Request<bytes::Bytes>) -> FakeReply {
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let email = body["identity"]["traits"]["email"].as_str().unwrap_or_default().to_owned();
    state.recorded.push(Recorded {
        at: Instant::now(),
        path: request.uri().path().to_owned(),
        headers: request.headers().clone(),
        body,
    });
    let reply = state.replies.get(&email).cloned();
    reply.unwrap_or_else(|| FakeReply::text(204, "text/plain", ""))
}
