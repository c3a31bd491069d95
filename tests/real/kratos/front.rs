//! A function's binary behind an HTTP URL, as a function URL has it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use fakes::{
    FakeMessage, function_url_event,
    server::{FakeReply, Server},
};
use http::{HeaderName, HeaderValue, Response};
use integration::{Answer, Deployment, Log, Sandbox};
use serde_json::Value;
use tokio::{sync::Mutex as Turns, time::sleep};

/// A background hook comes soon; one that tries again takes three seconds more.
const PATIENCE: Duration = Duration::from_secs(30);

/// An event that reached the function, and what it answered.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The request's headers, their names in small letters.
    pub(super) headers: BTreeMap<String, String>,
    /// The request's body.
    pub(super) body: Value,
    /// The answer.
    pub(super) answer: Answer,
}

/// A served function. Its events are handled one after the other.
pub(super) struct Front {
    server: Server,
    sandbox: Arc<Turns<Option<Sandbox>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Front {
    /// Starts a function and serves it.
    pub(super) async fn start(deployment: Deployment) -> Self {
        let sandbox = Arc::new(Turns::new(Some(deployment.start().await)));
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let (turns, kept) = (sandbox.clone(), calls.clone());
        let server = Server::start(0, move |request| {
            let (turns, kept, event) = (turns.clone(), kept.clone(), function_url_event(request));
            async move {
                let mut turn = turns.lock().await;
                // Kratos may still try while a test ends.
                let Some(sandbox) = turn.as_mut() else { return FakeReply::HangUp };
                let answer = sandbox.invoke(event.clone()).await;
                answer.assert_fit_for_ory();
                let reply = reply(&answer);
                kept.lock().unwrap().push(call(&event, answer));
                reply
            }
        });
        Self { server: server.await.unwrap(), sandbox, calls }
    }

    /// The function's URL.
    pub(super) fn url(&self) -> String {
        format!("{}/", self.server.url())
    }

    /// The events that have been answered so far.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The events, once so many have been answered.
    pub(super) async fn until_called(&self, times: usize) -> Vec<Call> {
        let began = Instant::now();
        while self.calls().len() < times {
            assert!(began.elapsed() < PATIENCE, "waited in vain for call {times}");
            sleep(Duration::from_millis(10)).await;
        }
        self.calls()
    }

    /// Delivers messages from the function's queue; the ids of those that stay there.
    pub(super) async fn deliver(&self, messages: &[FakeMessage]) -> Vec<String> {
        self.sandbox.lock().await.as_mut().unwrap().deliver(messages).await
    }

    /// Ends the function and returns its logs.
    pub(super) async fn end(self) -> Log {
        let sandbox = self.sandbox.lock().await.take();
        sandbox.unwrap().end().await
    }
}

fn call(event: &Value, answer: Answer) -> Call {
    Call {
        headers: serde_json::from_value(event["headers"].clone()).unwrap(),
        body: serde_json::from_str(event["body"].as_str().unwrap()).unwrap_or_default(),
        answer,
    }
}

fn reply(answer: &Answer) -> FakeReply {
    let body = if answer.body.is_null() { String::new() } else { answer.body.to_string() };
    let mut response = Response::new(body.into());
    *response.status_mut() = answer.status.try_into().unwrap();
    for (name, value) in &answer.headers {
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, HeaderValue::try_from(value).unwrap());
    }
    FakeReply::Answer(response)
}
