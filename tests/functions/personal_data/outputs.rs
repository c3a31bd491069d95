//! What is looked at, and what marks may stand in it.

use std::collections::BTreeSet;

use integration::{Answer, Log};
use serde_json::json;

use super::{Configuration, faults::Fault};
use crate::common::{
    canaries::{CANARY, SECRET, assert_silent, assert_unmarked, is_marked},
    event_log::outcomes,
    setup::{Running, TABLE, Vendor},
};

/// What was seen of one sandbox, or of all.
#[derive(Default)]
pub(super) struct Seen {
    told: String,
    /// The samples and the faults that met.
    pub(super) pairs: BTreeSet<(usize, usize)>,
    outcomes: BTreeSet<String>,
    marked_calls: usize,
    marked_messages: usize,
    pub(super) records: usize,
}

impl Seen {
    pub(super) fn of(configuration: Configuration) -> Self {
        let told = format!("{:?} at {}", configuration.placement, configuration.level);
        Self { told, ..Self::default() }
    }

    /// An answer tells no mark: with its headers, whatever its status.
    pub(super) fn answer(&self, answer: &Answer) {
        assert_unmarked(&self.told, &json!([answer.headers, answer.body]).to_string());
    }

    /// A message holds the event, and no secret; nor does any of those that are kept.
    pub(super) fn queue<V: Vendor>(&mut self, running: &Running<V>, fault: &Fault) {
        for message in running.stored() {
            let is_ours = message.body.contains(r#""received_at":"#);
            self.marked_messages += usize::from(is_ours && is_marked(CANARY, &message.body));
            let is_secret = is_ours && is_marked(SECRET, &message.body);
            assert!(!is_secret, "{}, {fault:?}: {}", self.told, message.body);
        }
    }

    /// A vendor is told of the person: that is what it is called for.
    pub(super) fn calls<V: Vendor>(&mut self, running: &Running<V>) {
        let calls = running.received();
        let marked = calls.iter().filter(|call| is_marked(CANARY, &V::body(call)));
        self.marked_calls += marked.count();
        for call in calls {
            assert!(!is_marked(SECRET, &V::body(&call)), "{}: {call}", self.told);
        }
    }

    pub(super) fn records<V: Vendor>(&mut self, running: &Running<V>) {
        let records = running.dynamo_db.items(TABLE);
        self.records += records.len();
        for record in records {
            assert_unmarked(&self.told, &record.to_string());
        }
    }

    pub(super) fn log(mut self, log: Log) -> Self {
        assert_silent(&log);
        assert!(log.stderr.is_empty(), "{}: {log:#?}", self.told);
        assert!(!log.stdout.is_empty(), "{}: the metrics at least", self.told);
        self.outcomes.extend(outcomes(&log.event_log()).into_iter().map(str::to_owned));
        self
    }

    /// All that both have seen.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.pairs.extend(other.pairs);
        self.outcomes.extend(other.outcomes);
        self.marked_calls += other.marked_calls;
        self.marked_messages += other.marked_messages;
        self.records += other.records;
        self
    }

    /// There was something to be seen, and it came to all of this.
    pub(super) fn assert_outcomes(&self, expected: &[&str]) {
        for outcome in expected {
            assert!(self.outcomes.contains(*outcome), "no {outcome} but {:?}", self.outcomes);
        }
        assert!(self.marked_calls > 50, "marks are where they belong: {}", self.marked_calls);
        assert!(
            self.marked_messages > 100,
            "marks are where they belong: {}",
            self.marked_messages
        );
    }
}
