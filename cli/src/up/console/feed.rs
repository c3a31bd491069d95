//! Server-sent events for the page: everything at first, then the changes.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use fakes::server::{FakeReply, Pieces};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Console, page::careful, showing};
use crate::{
    render::rendering::Subject,
    up::{
        local::Service,
        samples::{SAMPLES, Sample},
    },
};

/// The response, which lasts as long as the page is open.
pub(super) fn answer(console: &Arc<Console>) -> FakeReply {
    let console = console.clone();
    let pieces = Pieces::new(move || open(console.clone()));
    let response = careful(200).header("content-type", "text/event-stream").body(pieces.clone());
    response.map_or(FakeReply::HangUp, FakeReply::Stream)
}

/// What one listener has received.
struct Listener {
    console: Arc<Console>,
    turns: watch::Receiver<u64>,
    turn: u64,
    faults: Value,
    waiting: VecDeque<Bytes>,
}

fn open(console: Arc<Console>) -> BoxStream<'static, Bytes> {
    let mut turns = console.events.turns();
    turns.mark_changed();
    let waiting = VecDeque::from([message("setting", &setting(&console))]);
    let listener = Listener { console, turns, turn: 0, faults: Value::Null, waiting };
    stream::unfold(listener, |mut listener| async {
        let message = listener.next().await?;
        Some((message, listener))
    })
    .boxed()
}

impl Listener {
    async fn next(&mut self) -> Option<Bytes> {
        while self.waiting.is_empty() {
            self.turns.changed().await.ok()?;
            let (events, turn) = self.console.events.since(self.turn);
            self.turn = turn;
            let faults = faults(&self.console);
            if faults != self.faults {
                self.waiting.push_back(message("faults", &faults));
                self.faults = faults;
            }
            let changed = events.iter().map(|event| message("event", &showing::shown(event)));
            self.waiting.extend(changed);
        }
        self.waiting.pop_front()
    }
}

/// What never changes, and the last draft.
fn setting(console: &Console) -> Value {
    let function = |name: &'static str| {
        let template = Subject::named(name).and_then(Subject::shipped_template);
        json!({"name": name, "template": template.map(|source| source.code().to_owned())})
    };
    let sample = |sample: &Sample| json!({"file": sample.file, "function": sample.function});
    json!({
        "functions": console.functions.names().map(function).collect::<Vec<_>>(),
        "samples": SAMPLES.iter().map(sample).collect::<Vec<_>>(),
        "draft": *console.draft.lock(),
    })
}

fn faults(console: &Console) -> Value {
    let faults = console.faults.lock();
    let of = |service: Service| {
        let fault = faults.get(&service).copied().unwrap_or_default();
        json!({"service": service, "fault": fault, "faults": service.faults()})
    };
    Service::ALL.into_iter().map(of).collect()
}

fn message(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
