//! The log of one function, in CloudWatch Logs.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use fakes::server::{FakeReply, Server};
use http::Request;
use serde_json::{Value, json};

use crate::lambda::LOG_GROUP;

/// Longer than any test.
const HANGING: Duration = Duration::from_mins(10);

/// How the service answers.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Mood {
    #[default]
    Fine,
    /// The caller has no permission.
    Forbidding,
    /// No answer comes.
    Hanging,
}

#[derive(Default)]
struct State {
    mood: Mood,
    lines: Vec<Value>,
    /// The text of the query that was started last.
    query: String,
}

/// A fake of the service. A query finds the lines of the events that it names.
pub(crate) struct FakeLogs {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl FakeLogs {
    pub(crate) async fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        let server = Server::start(0, move |request| {
            let reply = answer(&mut shared.lock().unwrap(), &request);
            async move { reply }
        });
        Self { state, server: server.await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn write(&self, line: Value) {
        self.state.lock().unwrap().lines.push(line);
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }
}

fn answer(state: &mut State, request: &Request<Bytes>) -> FakeReply {
    let input: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let operation = request.headers()["x-amz-target"].to_str().unwrap();
    match (state.mood, operation) {
        (Mood::Hanging, _) => FakeReply::After(HANGING, Box::new(FakeReply::HangUp)),
        (Mood::Forbidding, _) => {
            let refusal = json!({"__type": "AccessDeniedException", "message": "not for you"});
            FakeReply::json(400, &refusal)
        }
        (Mood::Fine, "Logs_20140328.StartQuery") => {
            assert_eq!(input["logGroupName"], LOG_GROUP);
            state.query = input["queryString"].to_string();
            FakeReply::json(200, &json!({"queryId": "q"}))
        }
        (Mood::Fine, "Logs_20140328.GetQueryResults") => {
            let is_named = |line: &&Value| state.query.contains(line["event_id"].as_str().unwrap());
            let row = |line: &Value| json!([{"field": "@message", "value": line.to_string()}]);
            let rows: Vec<_> = state.lines.iter().filter(is_named).map(row).collect();
            FakeReply::json(200, &json!({"status": "Complete", "results": rows}))
        }
        (Mood::Fine, other) => panic!("{other}"),
    }
}
