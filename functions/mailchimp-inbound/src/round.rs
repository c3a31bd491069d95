//! One person's part of an event: enter the lane, read, render, patch Ory, tell Segment, leave.

use serde_json::{Map, Value, json};
use shared::{
    deliver::{Delivered, EventFacts, Rendered, Unfit, Vendor, render},
    journal::Metric,
    key::WorkKey,
    outcome::Outcome,
    records::{InLane, Writer, Written},
    segment::{Batch, Segment},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    deliver::{Delivering, Inbound, template_argument},
    order::{self, Moment},
    ory::{GONE, Identity},
    patch::{self, Operation},
    result::TemplateResult,
    targets::{Left, Past, plan_call, plan_patch},
};

/// An event and one of the identities that it is about; `None`: nobody whom Ory knows.
pub(crate) struct Round<'a> {
    pub(crate) inbound: &'a Inbound,
    pub(crate) of: &'a Delivering<'a>,
    pub(crate) identity: Option<Uuid>,
}

/// What came of a round so far.
struct Report {
    delivered: Delivered,
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
    pub(crate) async fn run(&self) -> Delivered {
        let ledger = &self.inbound.ledger;
        let Some(lane) = self.lane() else {
            return self.apply(None, &mut Written::default()).await;
        };
        let lane = match ledger.enter(lane, self.of.budget).await {
            Ok(lane) => lane,
            Err(outcome) => return outcome.into(),
        };
        let mut written = lane.written.clone();
        let delivered = self.apply(Some(&lane), &mut written).await;
        let written = (written != lane.written).then_some(written);
        match ledger.leave(&lane, written).await {
            Err(outcome) if delivered.outcome.is_settled() => Delivered { outcome, ..delivered },
            _ => delivered,
        }
    }

    fn lane(&self) -> Option<String> {
        let address = || self.of.message.event.address();
        match self.identity {
            Some(id) => Some(order::identity_lane(id)),
            None => order::address_lane(address()?, &self.inbound.salt),
        }
    }

    async fn apply(&self, lane: Option<&InLane>, written: &mut Written) -> Delivered {
        let mut report = Report {
            delivered: Outcome::Skipped { reason: "nothing to do" }.into(),
            said: Map::new(),
            left: Left::default(),
            named: false,
            changed: false,
        };
        match self.do_both(lane, written, &mut report).await {
            Ok(()) => report.finish(),
            Err(delivered) => report.stop(delivered),
        }
    }

    /// Ory first: what is wrong with Segment's part keeps nothing from it.
    async fn do_both(
        &self,
        lane: Option<&InLane>,
        written: &mut Written,
        report: &mut Report,
    ) -> Result<(), Delivered> {
        let identity = self.read().await?;
        let ctx =
            template_argument(&self.of.message.event, identity.as_ref().map(Identity::as_value));
        let inbound = self.inbound;
        let (rendered, key) = render(&inbound.template, ctx, &self.of.message.key).await?;
        let result = TemplateResult::read(rendered, &inbound.patch_paths, &inbound.template)?;
        let identity = match identity {
            Some(identity) => {
                Some(self.patch(identity, &result.patch, lane, written, report).await?)
            }
            None => None,
        };
        let unfit = |unfit: Unfit| Delivered::from(unfit.outcome(&inbound.template));
        let Some(call) = result.segment.map_err(|rule| unfit(Unfit::Rule(rule)))? else {
            return Ok(());
        };
        // Somebody has changed meanwhile what Segment would be told of.
        if identity.is_some_and(|identity| !patch::is_done(&result.patch, identity.as_value())) {
            report.changed = true;
            return Ok(());
        }
        self.tell(call, &key, lane, written, report).await
    }

    /// The identity as it is now: since it was found, another event may have changed it.
    async fn read(&self) -> Result<Option<Identity>, Delivered> {
        match (self.inbound.admin(self.of), self.identity) {
            (Some(admin), Some(id)) => {
                let identity = admin.read(id).await?.ok_or(GONE)?;
                if identity.id() != id {
                    return Err(Outcome::unknown("Ory answered with another identity").into());
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
        report: &mut Report,
    ) -> Result<Identity, Delivered> {
        let moment = Moment::of(self.of.message);
        note_others_change(&identity, written);
        let past = Past { moment: &moment, written, salt: &self.inbound.salt };
        let plan = plan_patch(operations, identity.as_value(), past, &mut report.left);
        let identity = match self.inbound.admin(self.of) {
            Some(admin) if !plan.patch.is_empty() => {
                let count = plan.patch.len();
                let is_held = || self.is_held(lane);
                let delivered = admin.patch(identity.id(), plan.patch, &is_held).await;
                let Outcome::Delivered { vendor, .. } = &delivered.outcome else {
                    return Err(delivered);
                };
                let patched = Identity::read(vendor.clone()).unwrap_or(identity);
                written.identity_updated_at = patched.updated_at();
                report.said.insert("ory".to_owned(), json!({ "operations": count }));
                report.delivered = delivered;
                patched
            }
            _ => identity,
        };
        report.named |= !plan.targets.is_empty();
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
        key: &WorkKey,
        lane: Option<&InLane>,
        written: &mut Written,
        report: &mut Report,
    ) -> Result<(), Delivered> {
        let Some(segment) = &self.inbound.segment else { return Ok(()) };
        let moment = Moment::of(self.of.message);
        let past = Past { moment: &moment, written, salt: &self.inbound.salt };
        let Some(plan) = plan_call(call, past, &mut report.left) else { return Ok(()) };
        report.named = true;
        let call = self.prepare(&segment.vendor, plan.call, key)?;
        let is_held = || self.is_held(lane);
        let (budget, attempts) = (self.of.budget, self.of.attempts);
        let delivered = segment.call_while(&is_held, &call, budget, attempts).await;
        let mut note = |in_doubt| {
            for target in &plan.targets {
                written.note(target.clone(), Writer { in_doubt, ..moment.writer() });
            }
        };
        let Outcome::Delivered { vendor, .. } = &delivered.outcome else {
            if delivered.may_have_been_taken() {
                note(true);
            }
            return Err(delivered);
        };
        note(false);
        report.said.insert("segment".to_owned(), vendor.clone());
        report.add(delivered);
        Ok(())
    }

    /// Segment knows a call again by its key, so each person's has another.
    fn prepare(&self, segment: &Segment, call: Rendered, key: &WorkKey) -> Result<Batch, Outcome> {
        let part = self.identity.map(|id| key.part(&id.to_string()));
        let vendor_key = part.as_ref().unwrap_or(key).for_vendor(self.of.arn);
        let received_at = self.of.message.received_at;
        let facts = EventFacts { vendor_key: &vendor_key, identity_id: None, received_at };
        segment.prepare(call, &facts).map_err(|unfit| unfit.outcome(&self.inbound.template))
    }

    fn is_held(&self, lane: Option<&InLane>) -> bool {
        lane.is_none_or(|lane| self.inbound.ledger.is_live(&lane.bid))
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

impl Report {
    fn finish(mut self) -> Delivered {
        self.delivered.outcome = if !self.said.is_empty() {
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
    fn stop(mut self, delivered: Delivered) -> Delivered {
        self.add(delivered);
        self.counted()
    }

    /// What came of the next part, with the calls of those before.
    fn add(&mut self, delivered: Delivered) {
        let attempts = self.delivered.attempts + delivered.attempts;
        let vendor_latency = self.delivered.vendor_latency + delivered.vendor_latency;
        self.delivered = Delivered { attempts, vendor_latency, ..delivered };
    }

    fn counted(mut self) -> Delivered {
        self.delivered.counts.extend(self.left.withdrawn.then_some(Metric::StaleConsent));
        self.delivered
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
