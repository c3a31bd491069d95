//! What is left to write of an event, given what the events before and after it have written. Pure:
//! nothing here calls anybody.

use serde_json::Value;
use shared::{deliver::Rendered, records::Written};

use crate::{
    order::{Moment, Standing, target},
    patch::{self, Operation, Pointer},
};

/// An event, and what was written before it.
#[derive(Clone, Copy)]
pub(crate) struct Past<'a> {
    pub(crate) moment: &'a Moment,
    pub(crate) written: &'a Written,
    /// What the digests in the record are made with.
    pub(crate) salt: &'a str,
}

impl Past<'_> {
    fn standing(&self, target: &str) -> Standing {
        self.moment.standing(self.written, target)
    }

    fn path(&self, path: &Pointer) -> String {
        target(path.tokens(), self.salt)
    }

    /// Apart from all paths, which begin with a slash.
    fn told(&self, name: &str) -> String {
        format!("segment{}", target([name], self.salt))
    }
}

/// What an event would do, and does not: others have settled it, or it has done so itself before.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Left {
    /// A newer event has named the target.
    pub(crate) stale: bool,
    /// It has done so itself before.
    pub(crate) done: bool,
    /// It would give back a consent that was withdrawn in Ory since.
    pub(crate) withdrawn: bool,
}

/// What is left to do of a patch.
pub(crate) struct OryPlan {
    /// What to send: what changes anything.
    pub(crate) patch: Vec<Operation>,
    /// The paths that the event names as the newest.
    pub(crate) targets: Vec<String>,
}

/// What is left of the operations. With `may_give`, an operation may turn `false` into `true`.
pub(crate) fn plan_patch(
    operations: &[Operation],
    identity: &Value,
    past: Past<'_>,
    may_give: bool,
    left: &mut Left,
) -> OryPlan {
    let mut named = Vec::new();
    for operation in operations {
        match past.standing(&past.path(operation.path())) {
            Standing::Stale => left.stale = true,
            Standing::Again => left.done = true,
            Standing::Newer => named.push(operation.clone()),
        }
    }
    let targets = named.iter().map(|operation| past.path(operation.path())).collect();
    let patch = patch::effective(named, identity, |before, after| {
        let is_withdrawn = !may_give && patch::gives_back(before, after);
        left.withdrawn |= is_withdrawn;
        !is_withdrawn
    });
    OryPlan { patch, targets }
}

/// What is left to tell Segment.
pub(crate) struct SegmentPlan {
    /// The call, without the traits that a newer event has told.
    pub(crate) call: Rendered,
    /// What the event tells as the newest.
    pub(crate) targets: Vec<String>,
}

/// A call that tells no traits has no order; its event is remembered under this name.
const WITHOUT_TRAITS: &str = "segment call";

/// What is left of the call; `None` where nothing is.
pub(crate) fn plan_call(
    mut call: Rendered,
    past: Past<'_>,
    left: &mut Left,
) -> Option<SegmentPlan> {
    let is_identify = call.get("type").is_none_or(|kind| kind == "identify");
    let traits = call.get_mut("traits").and_then(Value::as_object_mut).filter(|it| !it.is_empty());
    let Some(traits) = traits.filter(|_| is_identify) else {
        if past.standing(WITHOUT_TRAITS) == Standing::Again {
            left.done = true;
            return None;
        }
        return Some(SegmentPlan { call, targets: vec![WITHOUT_TRAITS.to_owned()] });
    };
    let mut targets = Vec::new();
    traits.retain(|name, _| {
        let target = past.told(name);
        match past.standing(&target) {
            Standing::Newer => targets.push(target),
            Standing::Again => left.done = true,
            Standing::Stale => {
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
