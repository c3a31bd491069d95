//! Deliver, for the events of vendors about people: find the identities that an event is about, and
//! apply it to each, one after the other, each in its own lane.

mod event;
mod find;
mod order;
mod patch;
mod settings;
mod targets;
mod template_output;
mod turn;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};

pub use self::{
    event::{Named, PersonEvent},
    order::identity_lane,
    patch::{Operation, PatchPaths, Pointer, effective},
    settings::InboundSettings,
    template_output::TemplateOutput,
};
use self::{
    find::{Subjects, find},
    turn::Turn,
};
use crate::{
    deliver::{
        Api as _, Attempt, Deliver, DeliveryReport, Effort, MAX_BACKOFF, Resources, VendorClient,
    },
    idempotency::Idempotency,
    ory::{Admin, Ory},
    outcome::{Outcome, Wait},
    segment::Segment,
    telemetry::Metric,
    template::Template,
};

/// Writes what events of a vendor say of people back to their identities, and tells Segment.
pub struct Inbound {
    template: Arc<Template>,
    /// The client of Ory, if it is used.
    ory: Option<VendorClient<Ory>>,
    /// Where a template may patch.
    patch_paths: PatchPaths,
    /// The client of Segment, if it is used.
    segment: Option<VendorClient<Segment>>,
    idempotency: Idempotency,
    /// Whether all sandboxes have the same records.
    has_shared_records: bool,
    /// The salt of the digests of addresses.
    salt: String,
}

/// The input of a template: the event, and the identity that it belongs to.
pub fn template_argument(event: &impl PersonEvent, identity: Option<&Value>) -> Value {
    json!({"event": event.for_template(), "identity": identity})
}

impl Inbound {
    /// The records of the function.
    pub fn idempotency(&self) -> &Idempotency {
        &self.idempotency
    }

    /// What it needs before the first event.
    pub fn resources(&self) -> Resources {
        let ory = self.ory.iter().map(|ory| ory.key.clone());
        let segment = self.segment.iter().map(|segment| segment.key.clone());
        let called = [
            self.ory.as_ref().and_then(|ory| ory.vendor.peer()),
            self.segment.as_ref().and_then(|segment| segment.vendor.peer()),
            self.idempotency.store.peer(),
        ];
        Resources {
            template: self.template.clone(),
            keys: ory.chain(segment).collect(),
            peers: called.into_iter().flatten().collect(),
        }
    }

    /// Finds the identities that the event is about, and applies it to each; it is done when all
    /// are.
    async fn deliver_to_all<E: PersonEvent>(&self, attempt: &Attempt<'_, E>) -> DeliveryReport {
        let event = &attempt.message.event;
        let subjects = match self.find(attempt).await {
            Ok(subjects) => subjects,
            Err(report) => return report,
        };
        let mut all = Vec::new();
        for id in &subjects.ids {
            all.push(Turn::take(self, attempt, Some(*id)).await);
        }
        if all.is_empty() {
            all.push(Turn::take(self, attempt, None).await);
        }
        let mut report = together(all);
        let ids: Vec<_> = subjects.ids.iter().map(ToString::to_string).collect();
        report.identity_id = (!ids.is_empty()).then(|| ids.join(","));
        if subjects.differ {
            report.counts.push(Metric::IdentityMismatch);
        }
        if self.ory.is_some() && subjects.ids.is_empty() && event.address().is_some() {
            report.counts.push(Metric::Unmatched);
            report.counts.extend(event.withdraws().then_some(Metric::UnmatchedWithdrawal));
        }
        report
    }

    async fn find<E: PersonEvent>(
        &self,
        attempt: &Attempt<'_, E>,
    ) -> Result<Subjects, DeliveryReport> {
        match self.admin(attempt) {
            Some(admin) => find(&admin, &attempt.message.event).await,
            None => Ok(Subjects::default()),
        }
    }

    fn admin<'a, E>(&'a self, attempt: &'a Attempt<'_, E>) -> Option<Admin<'a>> {
        let client = self.ory.as_ref()?;
        Some(Admin { client, budget: &attempt.budget })
    }
}

/// The outcome of several deliveries: the one that keeps the event for longest, if any does; else
/// the one that did most.
fn together(all: Vec<DeliveryReport>) -> DeliveryReport {
    let weight = |report: &DeliveryReport| match &report.outcome {
        // A vendor that asked for a wait is not called earlier, even if other work is left.
        Outcome::TryLater { wait: Wait::AtLeast(asked), .. } => (4, *asked),
        Outcome::Blocked(_) | Outcome::TemplateFault(_) => (4, MAX_BACKOFF),
        outcome if !outcome.is_settled() => (3, Duration::ZERO),
        Outcome::Delivered { .. } => (2, Duration::ZERO),
        Outcome::Rejected { .. } => (1, Duration::ZERO),
        _ => (0, Duration::ZERO),
    };
    let calls = all.iter().map(|one| one.effort.calls).sum();
    let vendor_latency = all.iter().map(|one| one.effort.vendor_latency).sum();
    let counts = all.iter().flat_map(|one| one.counts.clone()).collect();
    let heaviest = all.into_iter().rev().max_by_key(weight);
    let heaviest = heaviest.unwrap_or_else(|| Outcome::Skipped { reason: "nothing to do" }.into());
    let effort = Effort { calls, vendor_latency, ..heaviest.effort };
    DeliveryReport { effort, counts, ..heaviest }
}

#[async_trait]
impl<E: PersonEvent> Deliver<E> for Inbound {
    async fn deliver(&self, attempt: &Attempt<'_, E>) -> DeliveryReport {
        self.deliver_to_all(attempt).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_backoff_of_several_outcomes_wins() {
        let asked = |seconds| Outcome::TryLater {
            wait: Wait::AtLeast(Duration::from_secs(seconds)),
            cause: "x".to_owned(),
        };
        let later = || Outcome::try_later("x");
        let delivered = || Outcome::delivered(json!({}));
        let skipped = || Outcome::Skipped { reason: "x" };
        let table = [
            (vec![skipped(), delivered()], delivered()),
            (vec![delivered(), later()], later()),
            (vec![later(), asked(1720)], asked(1720)),
            (vec![asked(60), asked(1720), later()], asked(1720)),
            (vec![Outcome::blocked("x"), asked(60)], Outcome::blocked("x")),
            (vec![Outcome::blocked("x"), asked(3600)], asked(3600)),
            (vec![skipped(), Outcome::Duplicate], skipped()),
        ];
        for (all, expected) in table {
            let case = format!("{all:?}");
            let all = all.into_iter().map(DeliveryReport::from).collect();
            assert_eq!(together(all).outcome, expected, "{case}");
        }
    }
}
