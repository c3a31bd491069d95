//! Between accept and deliver: store what was accepted, or deliver it in line; deliver what
//! comes from the queue.

mod backoff;
mod work;

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

pub use backoff::{MAX_BACKOFF, MAX_RETRY_AFTER, backoff};

use crate::{
    budget::Budget,
    clock::SharedClock,
    deliver::{Deliver, MaxCalls},
    key::FunctionArn,
    message::{Event, Message},
    outcome::Outcome,
    queue::{Queue, QueueError},
    telemetry::{EventLog, LogEntry, Metric, chain},
    template::TemplateFault,
};

/// How long storing may take; what is left of the caller's time is for delivering in line.
pub const STORE_LIMIT: Duration = Duration::from_secs(2);

/// The one way from accept to deliver, in one function.
pub struct Dispatch<D> {
    /// The function's name.
    pub name: &'static str,
    /// Where events rest; `None`: they are delivered in line.
    pub queue: Option<Arc<dyn Queue>>,
    /// What becomes of an event.
    pub delivery: D,
    /// What can be seen.
    pub event_log: EventLog,
    /// The wall clock.
    pub clock: SharedClock,
}

/// Why a message is not in the queue, as far as anybody knows.
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
    /// Waits until the delivery's templates are ready. One that does not parse stops the start of a
    /// function without a queue; one with a queue says so, and goes on storing events.
    ///
    /// # Errors
    /// Where one does not parse and there is no queue.
    pub fn check<E: Event>(&self) -> Result<(), TemplateFault>
    where
        D: Deliver<E>,
    {
        match (self.delivery.check(), &self.queue) {
            (Err(fault), Some(_)) => {
                self.event_log.write(&LogEntry::for_broken_template(&fault));
                Ok(())
            }
            (checked, _) => checked,
        }
    }

    /// Stores the event; where there is no queue, or none that answers, delivers it.
    pub async fn enqueue_or_deliver<E: Event>(
        &self,
        message: &Message<E>,
        arn: &FunctionArn,
        budget: &Budget,
        entry: &mut LogEntry,
    ) -> Outcome
    where
        D: Deliver<E>,
    {
        if self.store(message).await {
            Outcome::Accepted.describe(entry);
            return Outcome::Accepted;
        }
        let report = self.delivery.deliver(message, arn, budget, MaxCalls::INLINE).await;
        report.describe(entry);
        report.outcome
    }

    /// Delivers the event while the caller waits for what comes of it: by one attempt, where what
    /// is left to do can be stored.
    pub async fn deliver_or_enqueue<E: Event>(
        &self,
        message: &Message<E>,
        arn: &FunctionArn,
        budget: &Budget,
        entry: &mut LogEntry,
    ) -> Outcome
    where
        D: Deliver<E>,
    {
        let (budget, max_calls) = match self.queue {
            Some(_) => (budget.less(STORE_LIMIT), MaxCalls::ONE),
            None => (*budget, MaxCalls::INLINE),
        };
        let report = self.delivery.deliver(message, arn, &budget, max_calls).await;
        report.describe(entry);
        if report.outcome.is_settled() || !self.store(message).await {
            return report.outcome;
        }
        entry.outcome = Outcome::Accepted.word();
        entry.count(Metric::Enqueued);
        Outcome::Accepted
    }

    /// Whether the message surely rests in the queue.
    async fn store<E: Event>(&self, message: &Message<E>) -> bool {
        let Some(queue) = &self.queue else { return false };
        match self.send(&**queue, message).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = chain(&error), "failed to enqueue event");
                false
            }
        }
    }

    async fn send<E: Event>(
        &self,
        queue: &dyn Queue,
        message: &Message<E>,
    ) -> Result<(), EnqueueError> {
        let sent = timeout(STORE_LIMIT, queue.send(message.to_json()?));
        Ok(sent.await.map_err(|_| EnqueueError::Late)??)
    }
}
