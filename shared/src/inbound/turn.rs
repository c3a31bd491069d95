//! One person's turn: enter the lane, read, render, patch Ory, call Segment, leave.

use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{
    Inbound, Named, PersonEvent,
    order::{self, Moment},
    patch::{self, Operation},
    targets::{Left, Past, SegmentPlan, plan_call, plan_patch},
    template_argument,
    template_output::TemplateOutput,
};
use crate::{
    deliver::{
        Attempt, DeliveryReport, Effort, EventFacts, InvalidOutput, Rendered, Vendor, render,
    },
    idempotency::{Calls, InLane, Writer, Written},
    key::IdempotencyKey,
    message::Message,
    ory::{GONE, Identity},
    outcome::Outcome,
    segment::{Batch, Segment},
    telemetry::Metric,
};

/// An event and one of the identities that it is about, alone in the lane.
pub(super) struct Turn<'a, E> {
    inbound: &'a Inbound,
    attempt: &'a Attempt<'a, E>,
    /// `None`: the person has no identity at Ory.
    identity: Option<Uuid>,
    /// `None`: the event is about no person at all.
    lane: Option<InLane<Written>>,
    moment: Moment,
    /// What the lane's events have written by now.
    written: Written,
    progress: Progress,
}

/// What this turn has done so far.
#[derive(Default)]
struct Progress {
    effort: Effort,
    /// What was done, as answers show it.
    said: Map<String, Value>,
    /// What was not done, and why.
    left: Left,
    /// Whether the event was the newest for any target.
    named: bool,
    /// Whether Ory no longer holds the values of the event.
    changed: bool,
}

impl<'a, E: PersonEvent> Turn<'a, E> {
    /// Takes the turn, in the lane if there is one.
    pub(super) async fn take(
        inbound: &'a Inbound,
        attempt: &'a Attempt<'a, E>,
        identity: Option<Uuid>,
    ) -> DeliveryReport {
        let mut turn = Self {
            inbound,
            attempt,
            identity,
            lane: None,
            moment: Moment::of(attempt.message),
            written: Written::default(),
            progress: Progress::default(),
        };
        let Some(lane) = turn.lane_name() else { return turn.apply().await };
        match inbound.idempotency.enter_for(turn.person(), lane, &attempt.budget).await {
            Ok(lane) => turn.apply_in(lane).await,
            Err(outcome) => outcome.into(),
        }
    }

    fn lane_name(&self) -> Option<String> {
        let event = &self.attempt.message.event;
        match self.identity {
            Some(id) => Some(order::identity_lane(id)),
            None => order::address_lane(event.address()?, &self.inbound.salt),
        }
    }

    /// Whom the event is about. Of somebody without an identity, only the event may know.
    fn person(&self) -> Option<Uuid> {
        self.identity.or_else(|| self.attempt.message.event.named().map(Named::id))
    }

    async fn apply_in(&mut self, lane: InLane<Written>) -> DeliveryReport {
        self.written.clone_from(&lane.written);
        self.lane = Some(lane.clone());
        let report = self.apply().await;
        let written = (self.written != lane.written).then_some(&self.written);
        match self.inbound.idempotency.leave(&lane, written).await {
            Err(outcome) if report.outcome.is_settled() => DeliveryReport { outcome, ..report },
            _ => report,
        }
    }

    async fn apply(&mut self) -> DeliveryReport {
        match self.do_both().await {
            Ok(()) => self.progress.finish(),
            Err(report) => self.progress.stop(report),
        }
    }

    /// Ory first: a fault in Segment's part does not stop it.
    async fn do_both(&mut self) -> Result<(), DeliveryReport> {
        let Message { event, event_id, .. } = self.attempt.message;
        let identity = self.read().await?;
        let ctx = template_argument(event, identity.as_ref().map(Identity::as_value));
        let inbound = self.inbound;
        let (rendered, key) = render(&inbound.template, ctx, event_id).await?;
        let output = TemplateOutput::read(rendered, &inbound.patch_paths, &inbound.template)?;
        let identity = match identity {
            Some(identity) => Some(self.patch(identity, &output.patch).await?),
            None => None,
        };
        let unfit = |unfit: InvalidOutput| DeliveryReport::from(unfit.outcome(&inbound.template));
        let Some(call) = output.segment.map_err(|rule| unfit(InvalidOutput::Rule(rule)))? else {
            return Ok(());
        };
        // Somebody has changed the values for Segment in the meantime.
        if identity.is_some_and(|identity| !patch::is_done(&output.patch, identity.as_value())) {
            self.progress.changed = true;
            return Ok(());
        }
        self.send_to_segment(call, &key).await
    }

    /// The identity as it is now: since it was found, another event may have changed it.
    async fn read(&self) -> Result<Option<Identity>, DeliveryReport> {
        match (self.inbound.admin(self.attempt), self.identity) {
            (Some(admin), Some(id)) => {
                let identity = admin.identity(id).await?.ok_or(GONE)?;
                if identity.id() != id {
                    return Err(Outcome::in_doubt("Ory returned a different identity").into());
                }
                Ok(Some(identity))
            }
            _ => Ok(None),
        }
    }

    /// Patches what no newer event has named; returns the identity after that.
    async fn patch(
        &mut self,
        identity: Identity,
        operations: &[Operation],
    ) -> Result<Identity, DeliveryReport> {
        note_others_change(&identity, &mut self.written);
        let past = Past { moment: &self.moment, written: &self.written, salt: &self.inbound.salt };
        let plan = plan_patch(operations, identity.as_value(), past, &mut self.progress.left);
        let identity = match self.inbound.admin(self.attempt) {
            Some(admin) if !plan.patch.is_empty() => {
                let count = plan.patch.len();
                let is_held = || self.is_held();
                let mut effort = Effort::default();
                let patch = json!(plan.patch);
                let patched = match admin.patch(identity.id(), patch, &is_held, &mut effort).await {
                    Ok(patched) => patched,
                    Err(outcome) => return Err(DeliveryReport::of_calls(outcome, effort)),
                };
                self.written.identity_updated_at = patched.updated_at();
                self.progress.said.insert("ory".to_owned(), json!({ "operations": count }));
                self.progress.effort = effort;
                patched
            }
            _ => identity,
        };
        self.progress.named |= !plan.targets.is_empty();
        for (target, is_sent) in plan.targets {
            let patched_at = self.written.identity_updated_at.filter(|_| is_sent);
            self.written.note(target, Writer { patched_at, ..self.moment.writer() });
        }
        Ok(identity)
    }

    /// Sends to Segment what no newer event has sent.
    async fn send_to_segment(
        &mut self,
        call: Rendered,
        key: &IdempotencyKey,
    ) -> Result<(), DeliveryReport> {
        let Some(segment) = &self.inbound.segment else { return Ok(()) };
        let past = Past { moment: &self.moment, written: &self.written, salt: &self.inbound.salt };
        let Some(plan) = plan_call(call, past, &mut self.progress.left) else { return Ok(()) };
        self.progress.named = true;
        let key = self.key_of_call(&plan, key);
        let call = self.prepare(&segment.vendor, plan.call, &key)?;
        let is_held = || self.is_held();
        let report = segment.call_while_leased(&is_held, &call, &self.attempt.budget).await;
        let Outcome::Delivered { vendor, .. } = &report.outcome else {
            if report.effort.may_have_been_taken() {
                self.note(plan.targets, true);
            }
            return Err(report);
        };
        self.progress.said.insert("segment".to_owned(), vendor.clone());
        self.progress.effort = self.progress.effort.then(report.effort);
        self.note(plan.targets, false);
        Ok(())
    }

    /// Records what was sent to Segment, or may have been.
    fn note(&mut self, targets: Vec<(String, Calls)>, in_doubt: bool) {
        for (target, calls) in targets {
            let calls = calls.with_one_more();
            self.written.note(target, Writer { in_doubt, calls, ..self.moment.writer() });
        }
    }

    /// Segment recognizes a call by its key, so each person's has another. Sandboxes with records of
    /// their own know different calls, so without a table the key does not depend on them.
    fn key_of_call(&self, plan: &SegmentPlan, key: &IdempotencyKey) -> IdempotencyKey {
        let key = self.identity.map_or_else(|| key.clone(), |id| key.part(&id.to_string()));
        if self.inbound.has_shared_records { plan.key(&key) } else { key }
    }

    /// The call as it is sent, with what the function adds.
    fn prepare(
        &self,
        segment: &Segment,
        call: Rendered,
        key: &IdempotencyKey,
    ) -> Result<Batch, Outcome> {
        let idempotency_key = key.for_vendor(self.attempt.arn);
        let received_at = self.attempt.message.received_at;
        let facts =
            EventFacts { idempotency_key: &idempotency_key, identity_id: None, received_at };
        segment.prepare(call, &facts).map_err(|unfit| unfit.outcome(&self.inbound.template))
    }

    fn is_held(&self) -> bool {
        let is_live = |lane: &InLane<Written>| self.inbound.idempotency.is_live(&lane.request);
        self.lane.as_ref().is_none_or(is_live)
    }
}

/// Remembers when somebody else has changed the identity: our own next patch would overwrite that
/// time.
fn note_others_change(identity: &Identity, written: &mut Written) {
    let Some(updated) = identity.updated_at() else { return };
    let is_ours = written.identity_updated_at.is_some_and(|ours| is_same_update(ours, updated));
    if !is_ours {
        written.changed_at = written.changed_at.max(Some(updated));
    }
}

/// Some of Ory's databases keep whole seconds, so a patch returns a finer time than later reads.
fn is_same_update(ours: OffsetDateTime, read: OffsetDateTime) -> bool {
    ours == read || read.nanosecond() == 0 && (ours - read).abs() < Duration::SECOND
}

impl Progress {
    fn finish(&mut self) -> DeliveryReport {
        let outcome = if !self.said.is_empty() {
            Outcome::delivered(Value::Object(std::mem::take(&mut self.said)))
        } else if self.left.withdrawn {
            Outcome::Skipped { reason: "stale consent" }
        } else if self.left.stale {
            Outcome::Skipped { reason: "stale: a newer event was applied" }
        } else if self.changed {
            Outcome::Skipped { reason: "identity changed since the event" }
        } else if self.left.done && !self.named {
            Outcome::Duplicate
        } else {
            Outcome::Skipped { reason: "nothing to do" }
        };
        self.counted(DeliveryReport::of_calls(outcome, self.effort.clone()))
    }

    /// With what was done before it stopped.
    fn stop(&self, report: DeliveryReport) -> DeliveryReport {
        let effort = self.effort.then(report.effort);
        self.counted(DeliveryReport { effort, ..report })
    }

    fn counted(&self, mut report: DeliveryReport) -> DeliveryReport {
        report.counts.extend(self.left.withdrawn.then_some(Metric::StaleConsent));
        report
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn own_update_is_recognized_in_whole_seconds() {
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
