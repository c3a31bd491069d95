//! The events that the console shows, and its listeners.

use std::sync::Arc;

use fakes::Shared;
use serde_json::Value;
use tokio::sync::watch;

use super::event::{Answer, Event, Request, Sent, Step};

/// Older events are forgotten.
const KEPT: usize = 500;

/// All events.
#[derive(Clone)]
pub(crate) struct Events {
    book: Shared<Book>,
    turns: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct Book {
    /// Each event with the turn of its last change.
    events: Vec<(u64, Event)>,
    turn: u64,
    opened: usize,
}

/// Identifies a request: the number of its event, and its position in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId {
    event: usize,
    request: usize,
}

/// What is known of a request before the function reads it.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) function: &'static str,
    pub(super) title: String,
    pub(super) key: Option<String>,
    pub(super) argument: Value,
}

impl Default for Events {
    fn default() -> Self {
        Self { book: Shared::default(), turns: Arc::new(watch::Sender::default()) }
    }
}

impl Events {
    /// Adds a request: the next of its event, or the first of a new event.
    pub(super) fn begin(&self, arrival: Arrival, at: String, sent: Sent) -> RequestId {
        self.change(|book| {
            let id = book.event_of(&arrival).unwrap_or_else(|| book.open(arrival));
            let requests = book.touch(id).map(|event| {
                event.requests.push(Request::new(at, sent));
                event.requests.len()
            });
            RequestId { event: id, request: requests.unwrap_or_default().saturating_sub(1) }
        })
    }

    /// Records a step of the function.
    pub(super) fn step(&self, request: RequestId, step: Step) {
        self.edit(request, |request| request.steps.push(step));
    }

    /// Records the log entry of the function.
    pub(super) fn line(&self, request: RequestId, line: Value) {
        self.edit(request, |request| request.line = line);
    }

    /// Records the answer of the function.
    pub(super) fn end(&self, request: RequestId, answer: Answer) {
        self.edit(request, |request| request.answer = Some(answer));
    }

    /// The current state of an event.
    pub(super) fn event(&self, id: usize) -> Option<Event> {
        let book = self.book.lock();
        book.events.iter().find(|(_, event)| event.id == id).map(|(_, event)| event.clone())
    }

    /// What has changed since a turn, and the current turn.
    pub(super) fn since(&self, turn: u64) -> (Vec<Event>, u64) {
        let book = self.book.lock();
        let changed = book.events.iter().filter(|(changed, _)| *changed > turn);
        (changed.map(|(_, event)| event.clone()).collect(), book.turn)
    }

    /// Reports each turn.
    pub(super) fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Notifies listeners of another change.
    pub(super) fn poke(&self) {
        self.change(|_| ());
    }

    fn edit(&self, RequestId { event, request }: RequestId, edit: impl FnOnce(&mut Request)) {
        self.change(|book| {
            if let Some(request) =
                book.touch(event).and_then(|event| event.requests.get_mut(request))
            {
                edit(request);
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let mut book = self.book.lock();
        book.turn += 1;
        let changed = change(&mut book);
        self.turns.send_replace(book.turn);
        changed
    }
}

impl Book {
    /// The entry of an event that was received before.
    fn event_of(&self, arrival: &Arrival) -> Option<usize> {
        arrival.key.as_ref()?;
        let same = |event: &Event| event.function == arrival.function && event.key == arrival.key;
        self.events.iter().find(|(_, event)| same(event)).map(|(_, event)| event.id)
    }

    /// Adds an entry for a new event.
    fn open(&mut self, arrival: Arrival) -> usize {
        self.opened += 1;
        let Arrival { function, title, key, argument } = arrival;
        let event = Event { id: self.opened, function, title, argument, requests: Vec::new(), key };
        self.events.push((self.turn, event));
        let forgotten = self.events.len().saturating_sub(KEPT);
        self.events.drain(..forgotten);
        self.opened
    }

    /// Changes an event in this turn.
    fn touch(&mut self, id: usize) -> Option<&mut Event> {
        let turn = self.turn;
        let (changed, event) = self.events.iter_mut().find(|(_, event)| event.id == id)?;
        *changed = turn;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arrival(function: &'static str, key: Option<&str>) -> Arrival {
        let (title, key) = ("registration".to_owned(), key.map(str::to_owned));
        Arrival { function, title, key, argument: json!({}) }
    }

    fn begin(events: &Events, function: &'static str, key: Option<&str>) -> RequestId {
        let sent = Sent {
            method: http::Method::POST,
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        events.begin(arrival(function, key), "2026-01-01T00:00:00Z".to_owned(), sent)
    }

    #[test]
    fn repeated_event_is_listed_below_the_original() {
        let events = Events::default();
        begin(&events, "a", Some("k"));
        begin(&events, "b", Some("k"));
        begin(&events, "a", Some("k"));
        begin(&events, "a", None);
        begin(&events, "a", None);
        let (all, _) = events.since(0);
        let listed: Vec<_> =
            all.iter().map(|event| (event.function, event.requests.len())).collect();
        assert_eq!(listed, [("a", 2), ("b", 1), ("a", 1), ("a", 1)]);
    }

    #[test]
    fn subscribers_receive_only_changes() {
        let events = Events::default();
        let one = begin(&events, "a", Some("1"));
        begin(&events, "a", Some("2"));
        let (_, turn) = events.since(0);
        assert!(events.since(turn).0.is_empty());
        events.end(one, Answer { status: 200, body: json!({}), took_ms: 1 });
        let (changed, later) = events.since(turn);
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].id, 1);
        assert!(later > turn);
    }

    #[test]
    fn old_events_and_their_later_steps_are_dropped() {
        let events = Events::default();
        let first = begin(&events, "a", None);
        for _ in 0..KEPT {
            begin(&events, "a", None);
        }
        events.line(first, json!({}));
        assert_eq!(events.since(0).0.len(), KEPT);
        assert!(events.event(1).is_none());
    }
}
