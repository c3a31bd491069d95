//! Where a run is, so that another process can go on with it.

use serde::{Deserialize, Serialize};
use shared::{ctx::AddAs, ory::PageToken};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{counts::Counts, filter::Filters};

/// The version that this code writes and reads.
pub(super) const VERSION: u32 = 1;

/// Which run it is: another process goes on with the same one only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunId {
    /// `backfill` or `reconcile`.
    pub(super) command: String,
    /// The name of the function in Lambda.
    pub(super) function: String,
    /// Its queue.
    pub(super) queue_url: String,
    /// The root of Ory's admin API.
    pub(super) ory_url: String,
    /// Which identities.
    pub(super) filters: Filters,
    /// How people are added who are no contacts yet.
    pub(super) add_as: Option<AddAs>,
}

impl RunId {
    /// In what another run is different, without the time since when: what is saved, and what is
    /// wanted.
    pub(super) fn differences(&self, wanted: &Self) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let state = |of: &Self| of.filters.state.map(|state| state.word().to_owned());
        let added = |of: &Self| of.add_as.map(|add_as| format!("{add_as:?}").to_lowercase());
        let pairs = [
            ("command", self.command.clone(), wanted.command.clone()),
            ("function", self.function.clone(), wanted.function.clone()),
            ("queue", self.queue_url.clone(), wanted.queue_url.clone()),
            ("Ory", self.ory_url.clone(), wanted.ory_url.clone()),
            ("--schema", text(&self.filters.schema), text(&wanted.filters.schema)),
            ("--state", text(&state(self)), text(&state(wanted))),
            ("--where", text(&self.filters.condition), text(&wanted.filters.condition)),
            ("people are added as", text(&added(self)), text(&added(wanted))),
        ];
        let shown = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
        let differing = pairs.into_iter().filter(|(_, saved, wanted)| saved != wanted);
        differing
            .map(|(what, saved, wanted)| {
                format!("{what}: {} there, {} here", shown(saved), shown(wanted))
            })
            .collect()
    }
}

/// A run, and how far it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) version: u32,
    pub(super) run: RunId,
    /// When it began: whoever changes later is for the next run.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) started_at: OffsetDateTime,
    /// When all identities were done.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) finished_at: Option<OffsetDateTime>,
    /// The page that is under way; `None` for the first.
    pub(super) page_token: Option<PageToken>,
    /// The identities of this page that are in the queue.
    pub(super) sent_of_page: Vec<Uuid>,
    /// What became of the pages before it.
    pub(super) counts: Counts,
}

impl State {
    /// A run that begins now.
    pub(super) fn new(run: RunId, now: OffsetDateTime) -> Self {
        Self {
            version: VERSION,
            run,
            started_at: now,
            finished_at: None,
            page_token: None,
            sent_of_page: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Whether nothing is left to do.
    pub(super) fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }

    /// How many are in the queue.
    pub(super) fn sent(&self) -> u64 {
        self.counts.sent + self.sent_of_page.len() as u64
    }

    /// The page under way is done, and this became of it. What was sent of it counts as sent.
    pub(super) fn turn_page(&mut self, page: Counts, next: Option<PageToken>, now: OffsetDateTime) {
        let sent = self.sent();
        self.counts = self.counts + page;
        self.counts.sent = sent;
        self.sent_of_page.clear();
        if next.is_none() {
            self.finished_at = Some(now);
        }
        self.page_token = next;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::{super::filter, *};

    pub(in super::super) const NOW: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

    pub(in super::super) fn run_id() -> RunId {
        RunId {
            command: "backfill".to_owned(),
            function: "subscribe".to_owned(),
            queue_url: "https://sqs.example/1/q".to_owned(),
            ory_url: "https://ory.example/".to_owned(),
            filters: Filters::default(),
            add_as: None,
        }
    }

    /// What is told of a change.
    type Change = (&'static str, fn(&mut RunId));

    fn token(text: &str) -> PageToken {
        serde_json::from_value(json!(text)).unwrap()
    }

    #[test]
    fn page_that_is_done_is_counted_once() {
        let mut state = State::new(run_id(), NOW);
        state.sent_of_page = vec![Uuid::from_u128(1), Uuid::from_u128(2)];
        assert_eq!(state.sent(), 2);
        let page = Counts { listed: 3, not_where: 1, ..Counts::default() };
        state.turn_page(page, Some(token("b")), NOW);
        let expected = Counts { listed: 3, sent: 2, not_where: 1, ..Counts::default() };
        assert_eq!((state.counts, state.sent()), (expected, 2));
        assert!(state.sent_of_page.is_empty() && !state.is_finished());
        state.sent_of_page = vec![Uuid::from_u128(3)];
        state.turn_page(Counts { listed: 1, ..Counts::default() }, None, NOW);
        assert_eq!((state.counts.listed, state.counts.sent), (4, 3));
        assert!(state.is_finished());
    }

    #[test]
    fn state_is_read_as_it_was_written() {
        let mut state = State::new(run_id(), NOW);
        state.run.add_as = Some(AddAs::Pending);
        state.run.filters = Filters {
            since: Some(NOW),
            schema: Some("customer".to_owned()),
            state: Some(filter::State::Inactive),
            condition: Some("true".to_owned()),
        };
        state.page_token = Some(token("a"));
        state.sent_of_page = vec![Uuid::from_u128(1)];
        let json = serde_json::to_value(&state).unwrap();
        assert_eq!(json["run"]["filters"]["since"], "2026-01-31T12:00:00Z");
        assert_eq!(serde_json::from_value::<State>(json).unwrap(), state);
    }

    #[test]
    fn each_difference_between_runs_is_named() {
        assert!(run_id().differences(&run_id()).is_empty());
        let changes: [Change; 8] = [
            ("command: backfill there, reconcile here", |run| run.command = "reconcile".to_owned()),
            ("function: subscribe there, x here", |run| run.function = "x".to_owned()),
            ("queue: https://sqs.example/1/q there, x here", |run| run.queue_url = "x".to_owned()),
            ("Ory: https://ory.example/ there, x here", |run| run.ory_url = "x".to_owned()),
            ("--schema: nothing there, x here", |run| run.filters.schema = Some("x".to_owned())),
            ("--state: nothing there, active here", |run| {
                run.filters.state = Some(filter::State::Active);
            }),
            ("--where: nothing there, x here", |run| run.filters.condition = Some("x".to_owned())),
            ("people are added as: nothing there, pending here", |run| {
                run.add_as = Some(AddAs::Pending);
            }),
        ];
        for (expected, change) in changes {
            let mut other = run_id();
            change(&mut other);
            assert_eq!(run_id().differences(&other), [expected]);
        }
    }
}
