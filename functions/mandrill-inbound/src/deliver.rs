//! Deliver, for Mandrill's events: settle the call in doubt that an event knows the end of, then apply
//! what it says of the person.

use async_trait::async_trait;
use serde_json::json;
use shared::{
    deliver::{Attempt, Deliver, DeliveryReport},
    idempotency::{Completion, State},
    inbound::Inbound,
    key::record_id_of_vendor_key,
    mandrill::{SENDER, recipient_digest},
    outcome::Outcome,
    telemetry::Metric,
};

use crate::event::MailEvent;

/// Delivers Mandrill's events.
pub(crate) struct MandrillInbound {
    pub(crate) inbound: Inbound,
}

#[async_trait]
impl Deliver<MailEvent> for MandrillInbound {
    async fn deliver(&self, attempt: &Attempt<'_, MailEvent>) -> DeliveryReport {
        let event = &attempt.message.event;
        let has_settled = match self.settle(event).await {
            Ok(has_settled) => has_settled,
            Err(outcome) => return outcome.into(),
        };
        let mut report = if event.event.is_about_the_person() {
            self.inbound.deliver(attempt).await
        } else {
            Outcome::Skipped { reason: "nothing to do" }.into()
        };
        if has_settled && is_idle(&report.outcome) {
            report.outcome = Outcome::delivered(json!({"settled": SENDER}));
        }
        // Of our own mails: others may go to anybody. What an operator can fix counts as blocked, at the
        // function that sends.
        let is_ours = event.msg.ory_key.is_some() && event.is_final();
        let has_failed = event.event.state() == State::Rejected;
        let is_counted = is_ours && has_failed && is_end(&report.outcome);
        report.counts.extend(is_counted.then_some(Metric::Rejected));
        report
    }
}

impl MandrillInbound {
    /// Whether the event has closed a call in doubt of the function that sends.
    async fn settle(&self, event: &MailEvent) -> Result<bool, Outcome> {
        let key = event.msg.ory_key.as_deref().filter(|_| event.is_final());
        let record = key.and_then(|key| Some((key, record_id_of_vendor_key(SENDER, key)?)));
        let (Some((key, record)), Some(address)) = (record, event.msg.email.as_deref()) else {
            return Ok(false);
        };
        let vendor_id = Some(event.id.clone());
        let completion = Completion { state: event.event.state(), vendor_id };
        let recipient = recipient_digest(key, address);
        self.inbound.idempotency().settle(&record, &recipient, completion).await
    }
}

fn is_idle(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Skipped { .. } | Outcome::Duplicate)
}

/// Whether the event has come to its end by this delivery.
fn is_end(outcome: &Outcome) -> bool {
    outcome.is_settled() && *outcome != Outcome::Duplicate
}
