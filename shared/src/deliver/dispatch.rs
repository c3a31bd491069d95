//! Between accept and deliver: an accepted event is enqueued, or delivered inline.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::{Attempt, Deliver};
use crate::{
    clock::SharedClock,
    key::EventId,
    message::{Message, QueuedEvent},
    outcome::Outcome,
    queue::{BATCH, Queue, QueueError},
    telemetry::{EventLog, LogEntry, Metric, chain},
};

/// How long enqueuing may take; what is left of the caller's time is for delivering inline.
const ENQUEUE_LIMIT: Duration = Duration::from_secs(2);

/// How many batches of one call are under way: at 20 ms each, a thousand events take a quarter of a
/// second.
const BATCHES_AT_ONCE: usize = 8;

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
pub enum EnqueueError {
    /// There is none.
    #[error("there is no queue")]
    NoQueue,
    /// The event cannot be a message.
    #[error("cannot serialize the message")]
    Unwritable(#[from] serde_json::Error),
    /// The queue did not take it.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// It took too long.
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

    /// Puts all messages into the queue within `limit`. If it fails, some of them may be there.
    ///
    /// # Errors
    /// Why not all are surely there.
    pub async fn enqueue_all<E: QueuedEvent>(
        &self,
        messages: &[Message<E>],
        limit: Duration,
    ) -> Result<(), EnqueueError> {
        let queue = self.queue.as_deref().ok_or(EnqueueError::NoQueue)?;
        let bodies = messages.iter().map(Message::to_json);
        let bodies: Vec<_> = bodies.collect::<Result<_, _>>()?;
        let batches = bodies.chunks(BATCH).map(|batch| queue.send_batch(batch.to_vec()));
        let batches: Vec<_> = batches.collect();
        let all = stream::iter(batches).buffer_unordered(BATCHES_AT_ONCE).try_collect::<()>();
        Ok(timeout(limit, all).await.map_err(|_| EnqueueError::Late)??)
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
