//! The stories that are told, and who listens.

use std::sync::Arc;

use fakes::Shared;
use serde_json::Value;
use tokio::sync::watch;

use super::story::{Answer, Sent, Step, Story, Visit};

/// Older stories are forgotten.
const KEPT: usize = 500;

/// All stories.
#[derive(Clone)]
pub(crate) struct Stories {
    book: Shared<Book>,
    turns: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct Book {
    /// Each with the turn in which it last changed.
    stories: Vec<(u64, Story)>,
    turn: u64,
    told: usize,
}

/// Where a visit stands: its story's number and its own place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct VisitId {
    story: usize,
    visit: usize,
}

/// What is known of a request before its function has seen it.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) function: &'static str,
    pub(super) title: String,
    pub(super) key: Option<String>,
    pub(super) event: Value,
}

impl Default for Stories {
    fn default() -> Self {
        Self { book: Shared::default(), turns: Arc::new(watch::Sender::default()) }
    }
}

impl Stories {
    /// A request has come: the next visit of its event's story, or the first of a new one.
    pub(super) fn begin(&self, arrival: Arrival, at: String, request: Sent) -> VisitId {
        self.change(|book| {
            let id = book.story_of(&arrival).unwrap_or_else(|| book.open(arrival));
            let visits = book.touch(id).map(|story| {
                story.visits.push(Visit::new(at, request));
                story.visits.len()
            });
            VisitId { story: id, visit: visits.unwrap_or_default().saturating_sub(1) }
        })
    }

    /// The function did something.
    pub(super) fn step(&self, visit: VisitId, step: Step) {
        self.edit(visit, |visit| visit.steps.push(step));
    }

    /// The function logged its line.
    pub(super) fn line(&self, visit: VisitId, line: Value) {
        self.edit(visit, |visit| visit.line = line);
    }

    /// The function answered.
    pub(super) fn end(&self, visit: VisitId, answer: Answer) {
        self.edit(visit, |visit| visit.answer = Some(answer));
    }

    /// A story, as it is now.
    pub(super) fn story(&self, id: usize) -> Option<Story> {
        let book = self.book.lock();
        book.stories.iter().find(|(_, story)| story.id == id).map(|(_, story)| story.clone())
    }

    /// What has changed since a turn, and the turn that it is now.
    pub(super) fn since(&self, turn: u64) -> (Vec<Story>, u64) {
        let book = self.book.lock();
        let changed = book.stories.iter().filter(|(changed, _)| *changed > turn);
        (changed.map(|(_, story)| story.clone()).collect(), book.turn)
    }

    /// Tells of each turn.
    pub(super) fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Something else has changed that listeners are told of.
    pub(super) fn poke(&self) {
        self.change(|_| ());
    }

    fn edit(&self, VisitId { story, visit }: VisitId, edit: impl FnOnce(&mut Visit)) {
        self.change(|book| {
            if let Some(visit) = book.touch(story).and_then(|story| story.visits.get_mut(visit)) {
                edit(visit);
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
    /// The story of an event that has come before.
    fn story_of(&self, arrival: &Arrival) -> Option<usize> {
        arrival.key.as_ref()?;
        let same = |story: &Story| story.function == arrival.function && story.key == arrival.key;
        self.stories.iter().find(|(_, story)| same(story)).map(|(_, story)| story.id)
    }

    /// Opens the story of a new event.
    fn open(&mut self, arrival: Arrival) -> usize {
        self.told += 1;
        let Arrival { function, title, key, event } = arrival;
        let story = Story { id: self.told, function, title, event, visits: Vec::new(), key };
        self.stories.push((self.turn, story));
        let forgotten = self.stories.len().saturating_sub(KEPT);
        self.stories.drain(..forgotten);
        self.told
    }

    /// A story that changes in this turn.
    fn touch(&mut self, id: usize) -> Option<&mut Story> {
        let turn = self.turn;
        let (changed, story) = self.stories.iter_mut().find(|(_, story)| story.id == id)?;
        *changed = turn;
        Some(story)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arrival(function: &'static str, key: Option<&str>) -> Arrival {
        let (title, key) = ("registration".to_owned(), key.map(str::to_owned));
        Arrival { function, title, key, event: json!({}) }
    }

    fn begin(stories: &Stories, function: &'static str, key: Option<&str>) -> VisitId {
        let sent = Sent {
            method: http::Method::POST,
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        stories.begin(arrival(function, key), "2026-01-01T00:00:00Z".to_owned(), sent)
    }

    #[test]
    fn what_repeats_an_event_stands_under_it() {
        let stories = Stories::default();
        begin(&stories, "a", Some("k"));
        begin(&stories, "b", Some("k"));
        begin(&stories, "a", Some("k"));
        begin(&stories, "a", None);
        begin(&stories, "a", None);
        let (all, _) = stories.since(0);
        let told: Vec<_> = all.iter().map(|story| (story.function, story.visits.len())).collect();
        assert_eq!(told, [("a", 2), ("b", 1), ("a", 1), ("a", 1)]);
    }

    #[test]
    fn whoever_listens_is_told_what_has_changed_and_nothing_else() {
        let stories = Stories::default();
        let one = begin(&stories, "a", Some("1"));
        begin(&stories, "a", Some("2"));
        let (_, turn) = stories.since(0);
        assert!(stories.since(turn).0.is_empty());
        stories.end(one, Answer { status: 200, body: json!({}), took_ms: 1 });
        let (changed, later) = stories.since(turn);
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].id, 1);
        assert!(later > turn);
    }

    #[test]
    fn old_stories_are_forgotten_and_what_still_happens_to_them_with_them() {
        let stories = Stories::default();
        let first = begin(&stories, "a", None);
        for _ in 0..KEPT {
            begin(&stories, "a", None);
        }
        stories.line(first, json!({}));
        assert_eq!(stories.since(0).0.len(), KEPT);
        assert!(stories.story(1).is_none());
    }
}
