//! Between accept and deliver: an accepted event is enqueued, or delivered inline.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Attempt, Deliver};
use crate::{
    clock::SharedClock,
    key::EventId,
    message::{Message, QueuedEvent},
    outcome::Outcome,
    queue::{Queue, QueueError},
    telemetry::{EventLog, LogEntry, Metric, chain},
};

/// How long enqueuing may take; what is left of the caller's time is for delivering inline.
const ENQUEUE_LIMIT: Duration = Duration::from_secs(2);

/// The way from accept to deliver, in one function.
pub struct Dispatch<D> {
    /// The function's name.
    pub name: &'static str,
    /// Where events are enqueued; `None`: they are delivered inline.
    pub queue: Option<Arc<dyn Queue>>,
    /// Delivers an event.
    pub delivery: D,
    /// The event log.
    pub event_log: EventLog,
    /// The wall clock.
    pub clock: SharedClock,
}

/// Why a message is not in the queue, or may not be.
#[derive(Debug, thiserror::Error)]
enum EnqueueError {
    #[error("cannot serialize the message")]
    Unwritable(#[from] serde_json::Error),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("timed out sending to SQS")]
    Late,
}

impl<D> Dispatch<D> {
    /// The message of an event that this function was just called with.
    pub fn message<E: QueuedEvent>(&self, event_id: EventId, event: E) -> Message<E> {
        Message::new(self.name, event_id, self.clock.now(), event)
    }

    /// Enqueues the event; delivers it if there is no queue, or the queue does not answer.
    pub async fn enqueue_or_deliver<E: QueuedEvent>(
        &self,
        attempt: &Attempt<'_, E>,
        entry: &mut LogEntry,
    ) -> Outcome
    where
        D: Deliver<E>,
    {
        if self.enqueue(attempt.message).await {
            Outcome::Accepted.describe(entry);
            return Outcome::Accepted;
        }
        let report = self.delivery.deliver(attempt).await;
        report.describe(entry);
        report.outcome
    }

    /// Delivers the event while the caller waits for the outcome: by one call, if the rest can be
    /// enqueued.
    pub async fn deliver_or_enqueue<E: QueuedEvent>(
        &self,
        attempt: &Attempt<'_, E>,
        entry: &mut LogEntry,
    ) -> Outcome
    where
        D: Deliver<E>,
    {
        let budget = match self.queue {
            Some(_) => attempt.budget.less(ENQUEUE_LIMIT).once(),
            None => attempt.budget,
        };
        let report = self.delivery.deliver(&Attempt { budget, ..*attempt }).await;
        report.describe(entry);
        if report.outcome.is_settled() || !self.enqueue(attempt.message).await {
            return report.outcome;
        }
        entry.outcome = Outcome::Accepted.word();
        entry.count(Metric::Enqueued);
        Outcome::Accepted
    }

    /// Whether the message is surely in the queue.
    async fn enqueue<E: QueuedEvent>(&self, message: &Message<E>) -> bool {
        let Some(queue) = &self.queue else { return false };
        match self.send(&**queue, message).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = chain(&error), "failed to enqueue event");
                false
            }
        }
    }

    async fn send<E: QueuedEvent>(
        &self,
        queue: &dyn Queue,
        message: &Message<E>,
    ) -> Result<(), EnqueueError> {
        let sent = timeout(ENQUEUE_LIMIT, queue.send(message.to_json()?));
        Ok(sent.await.map_err(|_| EnqueueError::Late)??)
    }
}
