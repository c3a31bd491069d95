//! One person's part of an event: enter the lane, read, render, patch Ory, tell Segment, leave.

use serde_json::{Map, Value, json};
use shared::{
    deliver::{Attempt, DeliveryReport, EventFacts, InvalidOutput, Rendered, Vendor, render},
    idempotency::{InLane, Writer, Written},
    key::IdempotencyKey,
    outcome::Outcome,
    segment::{Batch, Segment},
    telemetry::Metric,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    deliver::{Inbound, template_argument},
    event::Event,
    order::{self, Moment},
    ory::{GONE, Identity},
    patch::{self, Operation},
    targets::{Left, Past, plan_call, plan_patch},
    template_output::TemplateOutput,
};

/// An event and one of the identities that it is about; `None`: nobody whom Ory knows.
pub(crate) struct Round<'a> {
    pub(crate) inbound: &'a Inbound,
    pub(crate) attempt: &'a Attempt<'a, Event>,
    pub(crate) identity: Option<Uuid>,
}

/// What came of a round so far.
struct Progress {
    report: DeliveryReport,
    /// What was done, as answers tell it.
    said: Map<String, Value>,
    /// What was not, and why.
    left: Left,
    /// Whether the event named anything as the newest.
    named: bool,
    /// Whether Ory does not hold any more what the event says.
    changed: bool,
}

impl Round<'_> {
    /// Alone in the lane; without one, where the event is about nobody at all.
    pub(crate) async fn run(&self) -> DeliveryReport {
        let idempotency = &self.inbound.idempotency;
        let Some(lane) = self.lane() else {
            return self.apply(None, &mut Written::default()).await;
        };
        let lane = match idempotency.enter(lane, &self.attempt.budget).await {
            Ok(lane) => lane,
            Err(outcome) => return outcome.into(),
        };
        let mut written = lane.written.clone();
        let report = self.apply(Some(&lane), &mut written).await;
        let written = (written != lane.written).then_some(written);
        match idempotency.leave(&lane, written).await {
            Err(outcome) if report.outcome.is_settled() => DeliveryReport { outcome, ..report },
            _ => report,
        }
    }

    fn lane(&self) -> Option<String> {
        let address = || self.attempt.message.event.address();
        match self.identity {
            Some(id) => Some(order::identity_lane(id)),
            None => order::address_lane(address()?, &self.inbound.salt),
        }
    }

    async fn apply(&self, lane: Option<&InLane>, written: &mut Written) -> DeliveryReport {
        let mut progress = Progress {
            report: Outcome::Skipped { reason: "nothing to do" }.into(),
            said: Map::new(),
            left: Left::default(),
            named: false,
            changed: false,
        };
        match self.do_both(lane, written, &mut progress).await {
            Ok(()) => progress.finish(),
            Err(report) => progress.stop(report),
        }
    }

    /// Ory first: what is wrong with Segment's part keeps nothing from it.
    async fn do_both(
        &self,
        lane: Option<&InLane>,
        written: &mut Written,
        progress: &mut Progress,
    ) -> Result<(), DeliveryReport> {
        let identity = self.read().await?;
        let ctx = template_argument(
            &self.attempt.message.event,
            identity.as_ref().map(Identity::as_value),
        );
        let inbound = self.inbound;
        let (rendered, key) =
            render(&inbound.template, ctx, &self.attempt.message.event_id).await?;
        let result = TemplateOutput::read(rendered, &inbound.patch_paths, &inbound.template)?;
        let identity = match identity {
            Some(identity) => {
                Some(self.patch(identity, &result.patch, lane, written, progress).await?)
            }
            None => None,
        };
        let unfit = |unfit: InvalidOutput| DeliveryReport::from(unfit.outcome(&inbound.template));
        let Some(call) = result.segment.map_err(|rule| unfit(InvalidOutput::Rule(rule)))? else {
            return Ok(());
        };
        // Somebody has changed meanwhile what Segment would be told of.
        if identity.is_some_and(|identity| !patch::is_done(&result.patch, identity.as_value())) {
            progress.changed = true;
            return Ok(());
        }
        self.tell(call, &key, lane, written, progress).await
    }

    /// The identity as it is now: since it was found, another event may have changed it.
    async fn read(&self) -> Result<Option<Identity>, DeliveryReport> {
        match (self.inbound.admin(self.attempt), self.identity) {
            (Some(admin), Some(id)) => {
                let identity = admin.read(id).await?.ok_or(GONE)?;
                if identity.id() != id {
                    return Err(Outcome::in_doubt("Ory answered with another identity").into());
                }
                Ok(Some(identity))
            }
            _ => Ok(None),
        }
    }

    /// Patches what no newer event has named; the identity as it is then.
    async fn patch(
        &self,
        identity: Identity,
        operations: &[Operation],
        lane: Option<&InLane>,
        written: &mut Written,
        progress: &mut Progress,
    ) -> Result<Identity, DeliveryReport> {
        let moment = Moment::of(self.attempt.message);
        note_others_change(&identity, written);
        let past = Past { moment: &moment, written, salt: &self.inbound.salt };
        let plan = plan_patch(operations, identity.as_value(), past, &mut progress.left);
        let identity = match self.inbound.admin(self.attempt) {
            Some(admin) if !plan.patch.is_empty() => {
                let count = plan.patch.len();
                let is_held = || self.is_held(lane);
                let report = admin.patch(identity.id(), plan.patch, &is_held).await;
                let Outcome::Delivered { vendor, .. } = &report.outcome else {
                    return Err(report);
                };
                let patched = Identity::read(vendor.clone()).unwrap_or(identity);
                written.identity_updated_at = patched.updated_at();
                progress.said.insert("ory".to_owned(), json!({ "operations": count }));
                progress.report = report;
                patched
            }
            _ => identity,
        };
        progress.named |= !plan.targets.is_empty();
        for (target, is_sent) in plan.targets {
            let patched_at = written.identity_updated_at.filter(|_| is_sent);
            written.note(target, Writer { patched_at, ..moment.writer() });
        }
        Ok(identity)
    }

    /// Tells Segment what no newer event has told it.
    async fn tell(
        &self,
        call: Rendered,
        key: &IdempotencyKey,
        lane: Option<&InLane>,
        written: &mut Written,
        progress: &mut Progress,
    ) -> Result<(), DeliveryReport> {
        let Some(segment) = &self.inbound.segment else { return Ok(()) };
        let moment = Moment::of(self.attempt.message);
        let past = Past { moment: &moment, written, salt: &self.inbound.salt };
        let Some(plan) = plan_call(call, past, &mut progress.left) else { return Ok(()) };
        progress.named = true;
        let call = self.prepare(&segment.vendor, plan.call, key)?;
        let is_held = || self.is_held(lane);
        let report = segment.call_while_leased(&is_held, &call, &self.attempt.budget).await;
        let mut note = |in_doubt| {
            for target in &plan.targets {
                written.note(target.clone(), Writer { in_doubt, ..moment.writer() });
            }
        };
        let Outcome::Delivered { vendor, .. } = &report.outcome else {
            if report.may_have_been_taken() {
                note(true);
            }
            return Err(report);
        };
        note(false);
        progress.said.insert("segment".to_owned(), vendor.clone());
        progress.add(report);
        Ok(())
    }

    /// Segment knows a call again by its key, so each person's has another.
    fn prepare(
        &self,
        segment: &Segment,
        call: Rendered,
        key: &IdempotencyKey,
    ) -> Result<Batch, Outcome> {
        let part = self.identity.map(|id| key.part(&id.to_string()));
        let idempotency_key = part.as_ref().unwrap_or(key).for_vendor(self.attempt.arn);
        let received_at = self.attempt.message.received_at;
        let facts =
            EventFacts { idempotency_key: &idempotency_key, identity_id: None, received_at };
        segment.prepare(call, &facts).map_err(|unfit| unfit.outcome(&self.inbound.template))
    }

    fn is_held(&self, lane: Option<&InLane>) -> bool {
        lane.is_none_or(|lane| self.inbound.idempotency.is_live(&lane.request))
    }
}

/// Remembers that somebody else has changed the identity: by our own next patch it would be
/// forgotten when.
fn note_others_change(identity: &Identity, written: &mut Written) {
    let Some(updated) = identity.updated_at() else { return };
    let is_ours = written.identity_updated_at.is_some_and(|ours| is_same_update(ours, updated));
    if !is_ours {
        written.changed_at = written.changed_at.max(Some(updated));
    }
}

/// Some of Ory's databases keep whole seconds, so what a patch answers is finer than what is read
/// later.
fn is_same_update(ours: OffsetDateTime, read: OffsetDateTime) -> bool {
    ours == read || read.nanosecond() == 0 && (ours - read).abs() < Duration::SECOND
}

impl Progress {
    fn finish(mut self) -> DeliveryReport {
        self.report.outcome = if !self.said.is_empty() {
            Outcome::delivered(Value::Object(std::mem::take(&mut self.said)))
        } else if self.left.withdrawn {
            Outcome::Skipped { reason: "stale consent" }
        } else if self.left.stale {
            Outcome::Skipped { reason: "older than another" }
        } else if self.changed {
            Outcome::Skipped { reason: "identity changed since" }
        } else if self.left.done && !self.named {
            Outcome::Duplicate
        } else {
            Outcome::Skipped { reason: "nothing to do" }
        };
        self.counted()
    }

    /// With what was done before it stopped.
    fn stop(mut self, report: DeliveryReport) -> DeliveryReport {
        self.add(report);
        self.counted()
    }

    /// What came of the next part, with the calls of those before.
    fn add(&mut self, report: DeliveryReport) {
        let calls = self.report.calls + report.calls;
        let vendor_latency = self.report.vendor_latency + report.vendor_latency;
        self.report = DeliveryReport { calls, vendor_latency, ..report };
    }

    fn counted(mut self) -> DeliveryReport {
        self.report.counts.extend(self.left.withdrawn.then_some(Metric::StaleConsent));
        self.report
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_update_that_is_read_in_whole_seconds_is_still_ours() {
        let ours = datetime!(2026-01-01 00:00:05.7 UTC);
        for read in [ours, datetime!(2026-01-01 00:00:05 UTC), datetime!(2026-01-01 00:00:06 UTC)] {
            assert!(is_same_update(ours, read), "{read}");
        }
        for read in [
            datetime!(2026-01-01 00:00:05.71 UTC),
            datetime!(2026-01-01 00:00:07 UTC),
            datetime!(2026-01-01 00:00:04 UTC),
        ] {
            assert!(!is_same_update(ours, read), "{read}");
        }
    }
}
