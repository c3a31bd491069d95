//! What each sandbox is at, what troubles it, and for how long that may keep an event.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use time::OffsetDateTime;

use crate::{judge::Wrong, settings::Which, world::World};

/// For how long a failure may keep an event: the longest wait from the queue, and a little.
pub(crate) const LATER: Duration = Duration::from_mins(16);

/// For how long an in-doubt call may: until the search that settles it, and the wait before that.
pub(crate) const DOUBT: Duration = Duration::from_mins(50);

/// The longest wait that a vendor is granted.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// So many deliveries of one event, one after the other, in which nothing went wrong, must come to
/// something. Waits for another's lease and for a search that settles an in-doubt call are a few.
const TRIED_WELL: u32 = 50;

/// One invocation.
#[derive(Clone)]
pub(crate) struct AtWork {
    /// Which of all invocations.
    pub(crate) invocation: u64,
    /// The events that it is about.
    pub(crate) events: Vec<usize>,
    pub(crate) began: OffsetDateTime,
    is_troubled: bool,
    /// How long vendors asked it to wait, by event.
    asked: BTreeMap<usize, Duration>,
}

impl World {
    /// A sandbox begins to work on these events.
    pub(crate) fn begins_work(&self, sandbox: usize, events: Vec<usize>) {
        let began = self.now();
        for event in &events {
            self.judge.workers.lock().entry(*event).or_default().insert(sandbox);
        }
        let invocation = self.judge.invocations();
        let work = AtWork { invocation, events, began, is_troubled: false, asked: BTreeMap::new() };
        self.at_work.lock().insert(sandbox, work);
    }

    /// What a sandbox is at.
    pub(crate) fn work_of(&self, sandbox: usize) -> AtWork {
        let at_work = self.at_work.lock().get(&sandbox).cloned();
        at_work.expect("a sandbox that calls is at work")
    }

    /// Something goes wrong for a sandbox that may keep its events for so long.
    pub(crate) fn troubles(&self, sandbox: usize, keeps: Duration) {
        if let Some(work) = self.at_work.lock().get_mut(&sandbox) {
            work.is_troubled = true;
            self.judge.troubled.lock().insert(work.invocation);
            let mut tried = self.judge.tried_well.lock();
            tried.retain(|event, _| !work.events.contains(event));
        }
        self.troubles_a_little(sandbox, keeps);
    }

    /// The same of what is no reason for a delivery to fail.
    pub(crate) fn troubles_a_little(&self, sandbox: usize, keeps: Duration) {
        let at_work = self.at_work.lock();
        let Some(work) = at_work.get(&sandbox) else { return };
        let mut kept = self.judge.kept.lock();
        for event in &work.events {
            *kept.entry(*event).or_default() += keeps;
        }
    }

    /// A vendor asks for a wait.
    pub(crate) fn was_asked_to_wait(&self, sandbox: usize, events: &[usize], wait: Duration) {
        self.troubles(sandbox, LATER + wait);
        let mut at_work = self.at_work.lock();
        let Some(work) = at_work.get_mut(&sandbox) else { return };
        for event in events {
            let asked = work.asked.entry(*event).or_default();
            *asked = wait.max(*asked);
        }
    }

    /// A sandbox hides an event's message for so long.
    pub(crate) fn hides(&self, sandbox: usize, event: usize, wait: Duration) {
        let work = self.work_of(sandbox);
        // Of two messages about one event, the vendor may have been asked about one alone.
        if work.events.iter().filter(|one| **one == event).count() > 1 {
            return;
        }
        let asked = work.asked.get(&event).copied().unwrap_or_default();
        if wait < asked.min(MAX_RETRY_AFTER) {
            let key = &self.plan.events[event].key;
            let context =
                format_args!("{key}: {asked:?} were asked for, it comes again in {wait:?}");
            self.condemn(Wrong::Impatient, context);
        }
    }

    /// A delivery from the queue ends, with these events still to be done.
    pub(crate) fn ends_work(&self, sandbox: usize, kept: &[usize]) {
        for event in self.work_of(sandbox).events {
            if !kept.contains(&event) {
                self.settles(event);
            }
        }
        let is_mended = self.elapsed() > self.plan.mended();
        if self.work_of(sandbox).is_troubled || !is_mended {
            return;
        }
        let mut tried = self.judge.tried_well.lock();
        for event in kept {
            *tried.entry(*event).or_default() += 1;
        }
    }

    /// Whether an event was often tried with nothing in its way.
    pub(crate) fn was_tried_well(&self, event: usize) -> bool {
        self.judge.tried_well.lock().get(&event).is_some_and(|times| *times >= TRIED_WELL)
    }

    /// For how long things that went wrong may have kept an event.
    pub(crate) fn may_be_kept(&self, event: usize) -> Duration {
        self.judge.kept.lock().get(&event).copied().unwrap_or_default()
    }

    /// Whether these events of Mailchimp's had no order in common: without a table, each sandbox
    /// has its own.
    pub(crate) fn had_own_orders(&self, events: impl Iterator<Item = usize>) -> bool {
        let workers = self.judge.workers.lock();
        let all: BTreeSet<_> = events.filter_map(|event| workers.get(&event)).flatten().collect();
        self.plan.of(Which::Mailchimp).does_without_table() && all.len() > 1
    }

    /// Whether anything went wrong in an invocation.
    pub(crate) fn was_troubled(&self, invocation: u64) -> bool {
        self.judge.troubled.lock().contains(&invocation)
    }
}
