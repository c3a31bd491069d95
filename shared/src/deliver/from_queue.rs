//! Deliver, from the queue: delivered messages are deleted, the rest are delayed for a while.

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

/// The result for one message; `None` if a panic ended it.
type Came = Option<DeliveryReport>;

impl<D> Dispatch<D> {
    /// Delivers messages from the queue; returns the ids of those that stay there.
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
        let mut came_of = Vec::new();
        for (one, read) in received.into_iter().zip(read) {
            let mut entry = entry_of(&one);
            let came = match read {
                Err(unreadable) => Some(Outcome::blocked(unreadable.to_string()).into()),
                Ok(()) => reports.next().and_then(|(message, came)| {
                    message.describe(&mut entry);
                    came
                }),
            };
            match &came {
                Some(report) => report.describe(&mut entry),
                None => entry.panicked(),
            }
            entry.took(began.elapsed());
            self.event_log.write(&entry);
            came_of.push((one, came));
        }
        // Concurrently: with a slow queue, one after the other could outlast the invocation.
        let done = came_of.iter().map(|(one, came)| self.is_done(one, came.as_ref()));
        let done = join_all(done).await;
        let kept = came_of.into_iter().zip(done).filter(|(_, is_done)| !is_done);
        kept.map(|((one, _), _)| one.id).collect()
    }

    /// Delivers all, and each by itself if a panic ended that: one bad message does not stop the
    /// others.
    async fn deliver_safely<E: QueuedEvent>(&self, attempts: &[Attempt<'_, E>]) -> Vec<Came>
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
    /// do; if that fails, for the queue's visibility timeout.
    async fn is_done(&self, one: &ReceivedMessage, came: Option<&DeliveryReport>) -> bool {
        let Some(report) = came else { return false };
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
