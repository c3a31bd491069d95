//! The events that the console shows, and its listeners.

use std::sync::Arc;

use fakes::Shared;
use serde_json::Value;
use tokio::sync::watch;

use super::event::{Answer, Delivery, Ended, Event, Request, Sent, Step, Work};

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

/// Identifies what a function did in one invocation: the number of its event, and the part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkId {
    event: usize,
    part: Part,
}

/// A part of an event, by its position.
#[derive(Clone, Copy, Debug)]
enum Part {
    Request(usize),
    Delivery(usize),
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
    pub(super) fn begin_request(&self, arrival: Arrival, at: String, sent: Sent) -> WorkId {
        self.change(|book| {
            let known = book.event_of(arrival.function, arrival.key.as_deref());
            let event = known.unwrap_or_else(|| book.open(arrival));
            let work = Work { order: book.turn, at, ..Work::default() };
            let position = book.touch(event).map_or(0, |event| {
                event.requests.push(Request { work, answer: None, sent });
                event.requests.len() - 1
            });
            WorkId { event, part: Part::Request(position) }
        })
    }

    /// Adds a delivery to its event; `None` if the event is forgotten.
    pub(super) fn begin_delivery(
        &self,
        function: &str,
        event_id: &str,
        at: String,
        attempt: u32,
    ) -> Option<WorkId> {
        self.change(|book| {
            let id = book.event_of(function, Some(event_id))?;
            let work = Work { order: book.turn, at, ..Work::default() };
            let event = book.touch(id)?;
            event.deliveries.push(Delivery { work, attempt, ended: None });
            Some(WorkId { event: id, part: Part::Delivery(event.deliveries.len() - 1) })
        })
    }

    /// Records a step of the function.
    pub(super) fn step(&self, id: WorkId, step: Step) {
        self.edit(id, |work| work.steps.push(step));
    }

    /// Records the log entry of the function, at the event that it names if there are several; at all
    /// if it names none.
    pub(super) fn line(&self, ids: &[WorkId], line: Value) {
        if line["event_id"].is_null() {
            return ids.iter().for_each(|id| self.edit(*id, |work| work.line = line.clone()));
        }
        let named = |id: &&WorkId| {
            let key = self.event(id.event).and_then(|event| event.key);
            key.is_some_and(|key| line["event_id"] == key)
        };
        if let Some(id) = ids.iter().find(named).or(ids.first()) {
            self.edit(*id, |work| work.line = line);
        }
    }

    /// Records the answer of the function to a request.
    pub(super) fn answered(&self, id: WorkId, answer: Answer) {
        self.change(|book| {
            if let Some(request) = book.request(id) {
                request.answer = Some(answer);
            }
        });
    }

    /// Records how a delivery ended.
    pub(super) fn delivered(&self, id: WorkId, ended: Ended) {
        self.change(|book| {
            if let Some(delivery) = book.delivery(id) {
                delivery.ended = Some(ended);
            }
        });
    }

    /// The event of a function that has this event id.
    pub(super) fn named(&self, function: &str, event_id: &str) -> Option<Event> {
        let id = self.book.lock().event_of(function, Some(event_id))?;
        self.event(id)
    }

    /// The current state of an event.
    pub(super) fn event(&self, id: usize) -> Option<Event> {
        let book = self.book.lock();
        book.events.iter().find(|(_, event)| event.id == id).map(|(_, event)| event.clone())
    }

    /// What has changed since a turn, with whatever else is asked for, and the current turn.
    pub(super) fn since(&self, turn: u64, and: impl Fn(&Event) -> bool) -> (Vec<Event>, u64) {
        let book = self.book.lock();
        let asked = book.events.iter().filter(|(changed, event)| *changed > turn || and(event));
        (asked.map(|(_, event)| event.clone()).collect(), book.turn)
    }

    /// Reports each turn.
    pub(super) fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Notifies listeners of another change.
    pub(super) fn poke(&self) {
        self.change(|_| ());
    }

    /// Notifies listeners of a change around an event.
    pub(super) fn touch(&self, id: usize) {
        self.change(|book| book.touch(id).is_some());
    }

    fn edit(&self, id: WorkId, edit: impl FnOnce(&mut Work)) {
        self.change(|book| {
            let work = match id.part {
                Part::Request(_) => book.request(id).map(|request| &mut request.work),
                Part::Delivery(_) => book.delivery(id).map(|delivery| &mut delivery.work),
            };
            if let Some(work) = work {
                edit(work);
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
    fn event_of(&self, function: &str, key: Option<&str>) -> Option<usize> {
        let key = key?;
        let same = |event: &Event| event.function == function && event.key.as_deref() == Some(key);
        self.events.iter().find(|(_, event)| same(event)).map(|(_, event)| event.id)
    }

    fn request(&mut self, id: WorkId) -> Option<&mut Request> {
        let Part::Request(position) = id.part else { return None };
        self.touch(id.event)?.requests.get_mut(position)
    }

    fn delivery(&mut self, id: WorkId) -> Option<&mut Delivery> {
        let Part::Delivery(position) = id.part else { return None };
        self.touch(id.event)?.deliveries.get_mut(position)
    }

    /// Adds an entry for a new event.
    fn open(&mut self, arrival: Arrival) -> usize {
        self.opened += 1;
        let Arrival { function, title, key, argument } = arrival;
        let (requests, deliveries) = Default::default();
        let event = Event { id: self.opened, function, title, argument, requests, deliveries, key };
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

    fn begin(events: &Events, function: &'static str, key: Option<&str>) -> WorkId {
        let sent = Sent {
            method: http::Method::POST,
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        events.begin_request(arrival(function, key), "2026-01-01T00:00:00Z".to_owned(), sent)
    }

    #[test]
    fn repeated_event_is_listed_below_the_original() {
        let events = Events::default();
        begin(&events, "a", Some("k"));
        begin(&events, "b", Some("k"));
        begin(&events, "a", Some("k"));
        begin(&events, "a", None);
        begin(&events, "a", None);
        let (all, _) = events.since(0, |_| false);
        let listed: Vec<_> =
            all.iter().map(|event| (event.function, event.requests.len())).collect();
        assert_eq!(listed, [("a", 2), ("b", 1), ("a", 1), ("a", 1)]);
    }

    #[test]
    fn delivery_is_listed_at_its_event_with_its_own_log_entry() {
        let events = Events::default();
        begin(&events, "a", Some("1"));
        begin(&events, "a", Some("2"));
        let delivery = |key| events.begin_delivery("a", key, String::new(), 1).unwrap();
        let ids = [delivery("1"), delivery("2")];
        events.line(&ids, json!({"event_id": "2"}));
        let line = |key| events.named("a", key).unwrap().deliveries[0].work.line.clone();
        assert_eq!((line("1"), line("2")), (json!(null), json!({"event_id": "2"})));
        assert!(events.begin_delivery("b", "1", String::new(), 1).is_none());
    }

    #[test]
    fn subscribers_receive_only_changes() {
        let events = Events::default();
        let one = begin(&events, "a", Some("1"));
        begin(&events, "a", Some("2"));
        let (_, turn) = events.since(0, |_| false);
        assert!(events.since(turn, |_| false).0.is_empty());
        events.answered(one, Answer { status: 200, body: json!({}), took_ms: 1 });
        let (changed, later) = events.since(turn, |_| false);
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
        events.line(&[first], json!({}));
        assert_eq!(events.since(0, |_| false).0.len(), KEPT);
        assert!(events.event(1).is_none());
    }
}
