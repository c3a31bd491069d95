//! Server-sent events for the page: everything at first, then the changes.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use fakes::{
    Fault,
    server::{FakeReply, Pieces},
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use tokio::{select, sync::watch, time::sleep};

use super::{
    Console, contacts,
    event::Event,
    in_doubt, mails,
    page::careful,
    places::{ShownPlace, differ},
    showing::{self, Situation},
};
use crate::{
    render::rendering::Subject,
    up::{local::Service, samples::Sample},
};

/// More changes in a second than in this time each would not be seen.
const FRAME: Duration = Duration::from_millis(30);

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
    moves: watch::Receiver<()>,
    /// Where the messages of events are, by the events' numbers.
    places: HashMap<usize, ShownPlace>,
    faults: Value,
    clock: Value,
    newsletter: Value,
    mails: Value,
    waiting: VecDeque<Bytes>,
}

fn open(console: Arc<Console>) -> BoxStream<'static, Bytes> {
    let mut turns = console.events.turns();
    turns.mark_changed();
    let waiting = VecDeque::from([message("setting", &setting(&console))]);
    let (moves, places) = (console.queues.changes(), HashMap::new());
    let (faults, clock, newsletter, mails) = Default::default();
    let listener = Listener {
        console,
        turns,
        turn: 0,
        moves,
        places,
        faults,
        clock,
        newsletter,
        mails,
        waiting,
    };
    stream::unfold(listener, |mut listener| async {
        let message = listener.next().await?;
        Some((message, listener))
    })
    .boxed()
}

impl Listener {
    async fn next(&mut self) -> Option<Bytes> {
        while self.waiting.is_empty() {
            select! {
                changed = self.turns.changed() => changed.ok()?,
                changed = self.moves.changed() => changed.ok()?,
            }
            // What changes in the meantime is sent together.
            sleep(FRAME).await;
            self.read_stack();
            self.read_events();
        }
        self.waiting.pop_front()
    }

    /// The faults, the clock, the newsletter's contacts, and the mails.
    fn read_stack(&mut self) {
        let console = &self.console;
        for (name, old, now) in [
            ("faults", &mut self.faults, faults(console)),
            ("clock", &mut self.clock, clock(console)),
            ("newsletter", &mut self.newsletter, contacts::shown(console)),
            ("mails", &mut self.mails, mails::shown(console)),
        ] {
            if now != *old {
                self.waiting.push_back(message(name, &now));
                *old = now;
            }
        }
    }

    /// Events that changed, or whose messages moved.
    fn read_events(&mut self) {
        let places = self.console.places();
        let place = |event: &Event| Some(self.console.shown_place(places.of(event)?));
        let has_moved = |event: &Event| differ(self.places.get(&event.id), place(event).as_ref());
        let (events, turn) = self.console.events.since(self.turn, has_moved);
        self.turn = turn;
        let places: Vec<_> = events.iter().map(place).collect();
        for (event, place) in events.iter().zip(places) {
            match &place {
                Some(place) => self.places.insert(event.id, place.clone()),
                None => self.places.remove(&event.id),
            };
            let shown = self.console.shown(event, place);
            self.waiting.push_back(message("event", &shown));
        }
    }
}

impl Console {
    /// An event, and what the stack knows about it, for the page.
    pub(super) fn shown(&self, event: &Event, place: Option<ShownPlace>) -> Value {
        let is_sent = in_doubt::is_sent(self, event);
        showing::shown(event, &Situation { place, is_sent, speed: self.clock.speed() })
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
        "samples": console.samples().map(sample).collect::<Vec<_>>(),
        "draft": *console.draft.lock(),
    })
}

fn faults(console: &Console) -> Value {
    let faults = console.faults.lock();
    let of = |service: Service| {
        let fault = faults.get(&service).copied().unwrap_or_default();
        let described = |fault: &Fault| {
            let (state, meaning) = (service.state(*fault), service.meaning(*fault));
            json!({"fault": fault, "state": state, "meaning": meaning})
        };
        let all: Vec<_> = service.faults().iter().map(described).collect();
        json!({"service": service.id(), "name": service.name(), "fault": fault, "faults": all})
    };
    console.services().map(of).collect()
}

fn clock(console: &Console) -> Value {
    const MINUTE: u64 = 60;
    json!({
        "speed": console.clock.speed(),
        "ahead_minutes": console.clock.ahead().as_secs() / MINUTE,
    })
}

fn message(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
