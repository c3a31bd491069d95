//! Deliver, from the queue: events that arrive together are sent to Segment together.

use async_trait::async_trait;
use shared::{
    budget::Budget,
    ctx::SanitizedCtx,
    deliver::{Attempt, Deliver, Delivery, DeliveryReport},
    outcome::{Blocked, Outcome},
    segment::{Batch, Segment},
};

/// Delivers one event by its own call, and those of a batch in as few calls as Segment's limits
/// allow.
pub(crate) struct BatchDelivery(pub(crate) Delivery<Segment>);

impl BatchDelivery {
    /// One call; a report for each event in it.
    async fn send(&self, batch: &Batch, budget: &Budget) -> Vec<DeliveryReport> {
        let report = self.0.client.deliver(batch, None, budget).await;
        if batch.len() > 1 && is_refused(&report) {
            return self.send_singly(batch, budget).await;
        }
        vec![report; batch.len()]
    }

    /// Each by its own call, so that a bad event does not stop a good one.
    async fn send_singly(&self, batch: &Batch, budget: &Budget) -> Vec<DeliveryReport> {
        let mut all = Vec::new();
        for one in batch.singly() {
            all.push(self.0.client.deliver(&one, None, budget).await);
        }
        all
    }

    async fn prepare(&self, attempt: &Attempt<'_, SanitizedCtx>) -> Result<Batch, Outcome> {
        if attempt.budget.for_call(self.0.client.timeout).is_none() {
            return Err(Outcome::try_later("not enough time left to render"));
        }
        self.0.prepare(attempt).await.map(|(one, _)| one)
    }
}

/// Whether Segment rejected the batch for its content: any 4xx may be for one bad event, or for the
/// total size. The content is not the cause if the key is rejected (401, 403, or a 400 that says
/// so), or if Segment is to be called later (408, 429).
fn is_refused(report: &DeliveryReport) -> bool {
    let of_the_events = match report.effort.vendor_status {
        Some(401 | 403 | 408 | 429) | None => false,
        Some(status) => (400..500).contains(&status),
    };
    of_the_events && report.outcome != Outcome::Blocked(Blocked::BadKey)
}

#[async_trait]
impl Deliver<SanitizedCtx> for BatchDelivery {
    async fn deliver(&self, attempt: &Attempt<'_, SanitizedCtx>) -> DeliveryReport {
        self.0.deliver(attempt).await
    }

    async fn deliver_all(&self, attempts: &[Attempt<'_, SanitizedCtx>]) -> Vec<DeliveryReport> {
        // They arrived in one invocation, so they share its budget.
        let Some(Attempt { budget, .. }) = attempts.first() else { return Vec::new() };
        let mut prepared = Vec::new();
        for attempt in attempts {
            prepared.push(self.prepare(attempt).await);
        }
        let good = prepared.iter().filter_map(|one| one.as_ref().ok()).cloned();
        let mut sent = Vec::new();
        for batch in Batch::together(good) {
            sent.extend(self.send(&batch, budget).await);
        }
        // They have kept their order, so each takes the next outcome.
        let mut sent = sent.into_iter();
        let came = prepared.into_iter().filter_map(|one| match one {
            Ok(_) => sent.next(),
            Err(outcome) => Some(outcome.into()),
        });
        came.collect()
    }
}

#[cfg(test)]
mod tests {
    use shared::{deliver::Effort, http::Response, segment::classify};

    use super::*;

    /// The reports of a batch with this answer, and the outcome that the answer has by itself.
    fn answered(status: u16, body: &'static str) -> DeliveryReport {
        let answer = Response { status, headers: http::HeaderMap::new(), body: body.into() };
        let effort = Effort { vendor_status: Some(status), ..Effort::default() };
        DeliveryReport::of_calls(classify(&answer), effort)
    }

    #[test]
    fn batch_is_split_after_any_4xx_except_key_errors_and_timeout() {
        let kept_whole = [401, 403, 408, 429];
        for status in 100..=599 {
            let is_split = (400..=499).contains(&status) && !kept_whole.contains(&status);
            for body in ["", "<html>", r#"{"success":false}"#] {
                assert_eq!(is_refused(&answered(status, body)), is_split, "{status} {body}");
            }
        }
        let no_answer = DeliveryReport::from(Outcome::in_doubt("it hung up"));
        assert!(!is_refused(&no_answer));
    }

    #[test]
    fn batch_with_a_bad_key_is_not_split() {
        let words = r#"{"success":false,"message":"An invalid write key was provided"}"#;
        assert!(!is_refused(&answered(400, words)));
    }
}
