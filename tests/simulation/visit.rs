//! What a sandbox does within one invocation for an event of Mailchimp's: the lane that it is in,
//! what it has read there, whether it has patched; and what it must not do before.

use serde_json::Value;

use crate::{
    judge::Wrong,
    network::Call,
    patch::{apply, is_allowed, set},
    settings::Which,
    world::World,
};

/// One visit.
#[derive(Clone, Default)]
pub(crate) struct Visit {
    event: usize,
    lane: Option<Held>,
    /// The identity, as it was last read within the lane.
    reading: Option<Value>,
    has_patched: bool,
}

/// A lane, and who is in it for which event.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) event: usize,
    pub(crate) list: &'static str,
    pub(crate) lane: String,
    pub(crate) holder: String,
}

impl World {
    /// A sandbox begins to work on an event.
    pub(crate) fn visits(&self, sandbox: usize, event: usize) {
        self.visits.lock().insert(sandbox, Visit { event, ..Visit::default() });
    }

    fn visit(&self, sandbox: usize) -> Visit {
        self.visits.lock().get(&sandbox).cloned().unwrap_or_default()
    }

    /// A sandbox was told that it is in a lane.
    pub(crate) fn has_entered(&self, sandbox: usize, lane: String, holder: String) {
        if let Some(visit) = self.visits.lock().get_mut(&sandbox) {
            let event = visit.event;
            let Some(told) = &self.plan.events[event].told else { return };
            let held = Held { event, list: told.list, lane, holder };
            *visit = Visit { event, lane: Some(held), ..Visit::default() };
        }
    }

    /// A sandbox heard Ory's answer to a call about one identity.
    pub(crate) fn has_heard(&self, sandbox: usize, is_patch: bool, identity: Value) {
        if let Some(visit) = self.visits.lock().get_mut(&sandbox)
            && visit.lane.is_some()
        {
            visit.has_patched |= is_patch;
            visit.reading.get_or_insert(identity);
        }
    }

    /// The lane that a sandbox is in.
    pub(crate) fn lane_of(&self, sandbox: usize) -> Option<Held> {
        self.visit(sandbox).lane
    }

    /// Ory is patched within the lane only, for the right person, after a reading, where it may
    /// be, and with nothing that is so already.
    pub(crate) fn check_patch(&self, call: &Call) {
        let visit = self.visit(call.sandbox);
        let event = &self.plan.events[visit.event];
        let id = call.path.rsplit('/').next().unwrap_or_default();
        let of = format!("{} ({}), {id} by sandbox {}", event.address, event.key, call.sandbox);
        let subject = self.plan.subject(visit.event).map(|person| person.id.to_string());
        if subject.as_deref() != Some(id) {
            self.condemn(Wrong::SomebodyElse, format_args!("{of}"));
        }
        let lane = self.plan.lane(visit.event, id);
        if !visit.lane.is_some_and(|held| held.lane == lane && self.is_held(&held)) {
            self.condemn(Wrong::WithoutLane, format_args!("{of}"));
        }
        let Some(mut identity) = visit.reading.filter(|identity| identity["id"] == id) else {
            return self.condemn(Wrong::Unread, format_args!("{of}"));
        };
        let operations: Vec<_> = call.body.as_array().into_iter().flatten().collect();
        let mut changes = operations.iter().map(|one| apply(one, &mut identity) == Some(true));
        if operations.is_empty() || !changes.all(|changes| changes) {
            self.condemn(Wrong::Echo, format_args!("{of}: {}", call.body));
        }
        if !operations.iter().all(|operation| is_allowed(operation)) {
            self.condemn(Wrong::Outside, format_args!("{of}: {}", call.body));
        }
        if self.changes(visit.event, &mut identity) {
            self.condemn(Wrong::Mispatched, format_args!("{of}: {}", call.body));
        }
    }

    /// Segment is told when Ory is done, within the lane, and nothing goes back to Mailchimp.
    pub(crate) fn check_told(&self, call: &Call) {
        let Some((number, event)) = self.plan.by_vendor_key(call.key()) else { return };
        let Some(told) = event.told.as_ref().filter(|_| event.which == Which::Mailchimp) else {
            return;
        };
        let of = format!("{} ({}) by sandbox {}", event.address, event.key, call.sandbox);
        if call.body["integrations"]["MailChimp"] != false {
            self.condemn(Wrong::BackToMailchimp, format_args!("{of}: {}", call.body));
        }
        let visit = self.visit(call.sandbox);
        let lane = self.plan.lane_of(number);
        if visit.event != number || visit.lane.is_none_or(|held| held.lane != lane) {
            self.condemn(Wrong::WithoutLane, format_args!("{of}"));
        }
        let is_done = match visit.reading {
            Some(mut identity) => visit.has_patched || !self.changes(number, &mut identity),
            None => told.wants(self.plan.inbound()).is_empty(),
        };
        if !is_done {
            self.condemn(Wrong::SegmentFirst, format_args!("{of}"));
        }
    }

    /// Whether the event would change the identity; if so, it does.
    fn changes(&self, event: usize, identity: &mut Value) -> bool {
        let Some(told) = &self.plan.events[event].told else { return false };
        let wants = told.wants(self.plan.inbound());
        let mut changes = false;
        for (path, value) in wants {
            changes |= set(identity, &path, value) == Some(true);
        }
        changes
    }
}
