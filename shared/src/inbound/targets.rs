//! What is left to write of an event, given what the events before and after it have written. Pure:
//! nothing here makes a call.

use serde_json::Value;

use super::{
    order::{Freshness, Moment, target},
    patch::{self, Operation, Pointer},
};
use crate::{
    deliver::Rendered,
    idempotency::{Calls, Written},
    key::IdempotencyKey,
};

/// An event, and what was written before it.
#[derive(Clone, Copy)]
pub(super) struct Past<'a> {
    pub(super) moment: &'a Moment,
    pub(super) written: &'a Written,
    /// The salt of the digests in the record.
    pub(super) salt: &'a str,
}

impl Past<'_> {
    fn freshness(&self, target: &str) -> Freshness {
        self.moment.freshness(self.written, target)
    }

    /// Whether the event may turn `false` into `true` at the path. It must not overrule a later
    /// withdrawal in Ory's settings: it may if it happened after somebody else's last change to the
    /// identity, or if nobody else has changed it since our own patch wrote the path.
    fn may_give(&self, target: &str) -> bool {
        let Some(changed) = self.written.changed_at else { return true };
        let patched = self.written.writer(target).and_then(|last| last.patched_at);
        self.moment.at > changed || patched.is_some_and(|patched| patched >= changed)
    }

    fn path(&self, path: &Pointer) -> String {
        target(path.tokens(), self.salt)
    }

    /// Distinct from all paths, which begin with a slash.
    fn trait_target(&self, name: &str) -> String {
        format!("segment{}", target([name], self.salt))
    }
}

/// Why parts of an event are left out: others have settled them, or it has done them itself before.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Left {
    /// A newer event has named the target.
    pub(super) stale: bool,
    /// It has done so itself before.
    pub(super) done: bool,
    /// It would restore a consent that was withdrawn in Ory since.
    pub(super) withdrawn: bool,
}

/// The rest of a patch.
pub(super) struct OryPlan {
    /// The operations to send: those that change anything.
    pub(super) patch: Vec<Operation>,
    /// The paths for which the event is the newest, and whether it is sent to be written.
    pub(super) targets: Vec<(String, bool)>,
}

/// The rest of the operations.
pub(super) fn plan_patch(
    operations: &[Operation],
    identity: &Value,
    past: Past<'_>,
    left: &mut Left,
) -> OryPlan {
    let mut named = Vec::new();
    for operation in operations {
        match past.freshness(&past.path(operation.path())) {
            Freshness::Stale => left.stale = true,
            Freshness::Duplicate => left.done = true,
            Freshness::Newer => named.push(operation.clone()),
        }
    }
    let targets: Vec<_> = named.iter().map(|operation| past.path(operation.path())).collect();
    // Compared with the original identity: two operations could do what neither does alone.
    let patch = patch::effective(named, identity, |operation, after| {
        let may = past.may_give(&past.path(operation.path()));
        let is_withdrawn = !may && patch::gives_back(identity, after);
        left.withdrawn |= is_withdrawn;
        !is_withdrawn
    });
    let sent: Vec<_> = patch.iter().map(|operation| past.path(operation.path())).collect();
    let with_fate = |target: String| {
        let is_sent = sent.contains(&target);
        (target, is_sent)
    };
    OryPlan { patch, targets: targets.into_iter().map(with_fate).collect() }
}

/// The rest of a call to Segment.
pub(super) struct SegmentPlan {
    /// The call, without the traits that a newer event has sent.
    pub(super) call: Rendered,
    /// The traits for which the event is the newest, and the calls that have sent each.
    pub(super) targets: Vec<(String, Calls)>,
}

impl SegmentPlan {
    /// The key by which Segment recognizes a repeat of the call. It depends on the calls of other
    /// events: if one of them has sent a trait since, Segment must take the repeat.
    pub(super) fn key(&self, key: &IdempotencyKey) -> IdempotencyKey {
        // The template has decided which calls are the same.
        if key.is_named() {
            return key.clone();
        }
        let sent = self.targets.iter().filter(|(_, calls)| calls.before > 0);
        let sent: Vec<_> =
            sent.map(|(target, calls)| format!("{target} after {}", calls.before)).collect();
        if sent.is_empty() { key.clone() } else { key.part(&sent.join("\n")) }
    }
}

/// A call without traits has no order; its event is remembered under this name.
const WITHOUT_TRAITS: &str = "segment call";

/// The rest of the call; `None` if nothing is left.
pub(super) fn plan_call(
    mut call: Rendered,
    past: Past<'_>,
    left: &mut Left,
) -> Option<SegmentPlan> {
    let is_identify = call.get("type").is_none_or(|kind| kind == "identify");
    let traits = call.get_mut("traits").and_then(Value::as_object_mut).filter(|it| !it.is_empty());
    let Some(traits) = traits.filter(|_| is_identify) else {
        if past.freshness(WITHOUT_TRAITS) == Freshness::Duplicate {
            left.done = true;
            return None;
        }
        return Some(SegmentPlan {
            call,
            targets: vec![(WITHOUT_TRAITS.to_owned(), Calls::default())],
        });
    };
    let mut targets = Vec::new();
    traits.retain(|name, _| {
        let target = past.trait_target(name);
        match past.freshness(&target) {
            Freshness::Newer => {
                let calls = past.moment.calls(past.written, &target);
                targets.push((target, calls));
            }
            Freshness::Duplicate => left.done = true,
            Freshness::Stale => {
                left.stale = true;
                return false;
            }
        }
        true
    });
    (!targets.is_empty()).then_some(SegmentPlan { call, targets })
}

#[cfg(test)]
mod tests;
