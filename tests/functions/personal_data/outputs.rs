//! The outputs that are searched for canaries, and which canaries each may contain.

use std::collections::BTreeSet;

use integration::{Answer, Log};
use serde_json::json;

use super::{Configuration, faults::Fault};
use crate::common::{
    canaries::{CANARY, SECRET, assert_has_no_canary, assert_silent, has_canary},
    event_log::outcomes,
    setup::{Running, TABLE, Vendor},
};

/// What was seen of one sandbox, or of all.
#[derive(Default)]
pub(super) struct Seen {
    context: String,
    /// The samples and the faults that met.
    pub(super) pairs: BTreeSet<(usize, usize)>,
    outcomes: BTreeSet<String>,
    calls_with_canary: usize,
    messages_with_canary: usize,
    pub(super) records: usize,
}

impl Seen {
    pub(super) fn of(configuration: Configuration) -> Self {
        let context = format!("{:?} at {}", configuration.placement, configuration.level);
        Self { context, ..Self::default() }
    }

    /// No answer contains a canary, in headers or body, whatever its status.
    pub(super) fn answer(&self, answer: &Answer) {
        assert_has_no_canary(&self.context, &json!([answer.headers, answer.body]).to_string());
    }

    /// A message holds the event, and no secret; nor does any of those that are kept.
    pub(super) fn queue<V: Vendor>(&mut self, running: &Running<V>, fault: &Fault) {
        for message in running.stored() {
            let is_ours = message.body.contains(r#""received_at":"#);
            self.messages_with_canary += usize::from(is_ours && has_canary(CANARY, &message.body));
            let is_secret = is_ours && has_canary(SECRET, &message.body);
            assert!(!is_secret, "{}, {fault:?}: {}", self.context, message.body);
        }
    }

    /// A vendor is told of the person: that is what it is called for.
    pub(super) fn calls<V: Vendor>(&mut self, running: &Running<V>) {
        let calls = running.received();
        let marked = calls.iter().filter(|call| has_canary(CANARY, &V::body(call)));
        self.calls_with_canary += marked.count();
        for call in calls {
            assert!(!has_canary(SECRET, &V::body(&call)), "{}: {call}", self.context);
        }
    }

    pub(super) fn records<V: Vendor>(&mut self, running: &Running<V>) {
        let records = running.dynamo_db.items(TABLE);
        self.records += records.len();
        for record in records {
            assert_has_no_canary(&self.context, &record.to_string());
        }
    }

    pub(super) fn log(mut self, log: Log) -> Self {
        assert_silent(&log);
        assert!(log.stderr.is_empty(), "{}: {log:#?}", self.context);
        assert!(!log.stdout.is_empty(), "{}: the metrics at least", self.context);
        self.outcomes.extend(outcomes(&log.event_log()).into_iter().map(str::to_owned));
        self
    }

    /// All that both have seen.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.pairs.extend(other.pairs);
        self.outcomes.extend(other.outcomes);
        self.calls_with_canary += other.calls_with_canary;
        self.messages_with_canary += other.messages_with_canary;
        self.records += other.records;
        self
    }

    /// There was something to be seen, and it came to all of this.
    pub(super) fn assert_outcomes(&self, expected: &[&str]) {
        for outcome in expected {
            assert!(self.outcomes.contains(*outcome), "no {outcome} but {:?}", self.outcomes);
        }
        assert!(
            self.calls_with_canary > 50,
            "canaries are where they belong: {}",
            self.calls_with_canary
        );
        assert!(
            self.messages_with_canary > 100,
            "canaries are where they belong: {}",
            self.messages_with_canary
        );
    }
}
