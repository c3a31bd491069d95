//! Deliver, from the queue: what was delivered is deleted, the rest is delayed for a while.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, future::join_all};
use tokio::time::Instant;

use super::{Attempt, Deliver, DeliveryReport, Dispatch, backoff};
use crate::{
    budget::Budget,
    key::FunctionArn,
    message::{Message, QueuedEvent, Unreadable},
    outcome::Outcome,
    queue::ReceivedMessage,
    telemetry::{LogEntry, chain},
};

/// The report of one message; `None` if a panic ended it.
type MaybeReport = Option<DeliveryReport>;

impl<D> Dispatch<D> {
    /// Delivers messages from the queue; the ids of those that stay there.
    pub async fn deliver_received<E: QueuedEvent>(
        &self,
        received: Vec<ReceivedMessage>,
        arn: &FunctionArn,
        budget: &Budget,
    ) -> Vec<String>
    where
        D: Deliver<E>,
    {
        let began = Instant::now();
        let mut messages = Vec::new();
        let mut read = |one: &ReceivedMessage| {
            messages.push(Message::<E>::from_json(&one.body, self.name)?);
            Ok(())
        };
        let read: Vec<Result<(), Unreadable>> = received.iter().map(&mut read).collect();
        let attempts = messages.iter().map(|message| Attempt { message, arn, budget: *budget });
        let attempts: Vec<_> = attempts.collect();
        let reports = self.deliver_safely(&attempts).await;
        let mut reports = messages.iter().zip(reports);
        let mut reports_of = Vec::new();
        for (one, read) in received.into_iter().zip(read) {
            let mut entry = entry_of(&one);
            let report = match read {
                Err(unreadable) => Some(Outcome::blocked(unreadable.to_string()).into()),
                Ok(()) => reports.next().and_then(|(message, report)| {
                    message.describe(&mut entry);
                    report
                }),
            };
            match &report {
                Some(report) => report.describe(&mut entry),
                None => entry.panicked(),
            }
            entry.took(began.elapsed());
            self.event_log.write(&entry);
            reports_of.push((one, report));
        }
        // All at once: where the queue is slow, one after the other could outlast the invocation.
        let done = reports_of.iter().map(|(one, report)| self.is_done(one, report.as_ref()));
        let done = join_all(done).await;
        let kept = reports_of.into_iter().zip(done).filter(|(_, is_done)| !is_done);
        kept.map(|((one, _), _)| one.id).collect()
    }

    /// Delivers all, and each by itself where a panic ended that: it keeps nothing from the
    /// others.
    async fn deliver_safely<E: QueuedEvent>(&self, attempts: &[Attempt<'_, E>]) -> Vec<MaybeReport>
    where
        D: Deliver<E>,
    {
        let all = AssertUnwindSafe(self.delivery.deliver_all(attempts)).catch_unwind();
        match all.await {
            Ok(reports) => reports.into_iter().map(Some).collect(),
            Err(_) if attempts.len() < 2 => vec![None; attempts.len()],
            Err(_) => {
                let mut each = Vec::new();
                for attempt in attempts.chunks(1) {
                    let alone = AssertUnwindSafe(self.delivery.deliver_all(attempt)).catch_unwind();
                    each.push(alone.await.ok().and_then(|mut reports| reports.pop()));
                }
                each
            }
        }
    }

    /// Whether the message may be deleted. If not, it is delayed for as long as there is nothing to
    /// do; where that fails, for as long as the queue hides it anyway.
    async fn is_done(&self, one: &ReceivedMessage, report: Option<&DeliveryReport>) -> bool {
        let Some(report) = report else { return false };
        let wait = backoff(&report.outcome, one.attempt, fastrand::f64());
        let (Some(wait), Some(queue)) = (wait, &self.queue) else { return wait.is_none() };
        if let Err(error) = queue.delay(&one.receipt, wait).await {
            tracing::warn!(error = chain(&error), "failed to delay redelivery");
        }
        false
    }
}

fn entry_of(received: &ReceivedMessage) -> LogEntry {
    LogEntry { message: "delivery", attempt: Some(received.attempt), ..LogEntry::default() }
}
