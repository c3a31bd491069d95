//! A function's queue in memory, with faults on demand.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use fakes::{Fault, Shared};
use shared::queue::{MemoryQueue, Queue, QueueError, ReceivedMessage, Rules};
use time::OffsetDateTime;
use tokio::{select, sync::watch, time::sleep};

use super::clock::StackClock;

/// Longer than a function waits for its queue.
const SLOW: Duration = Duration::from_secs(3);

/// One function's queue.
pub(crate) struct LocalQueue {
    queue: MemoryQueue,
    clock: Arc<StackClock>,
    fault: Shared<Fault>,
    changed: watch::Sender<()>,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In the queue: it is received when the stack's clock shows this time.
    Waiting(OffsetDateTime),
    /// Among the dead letters.
    Dead,
}

impl LocalQueue {
    pub(super) fn new(rules: Rules, clock: Arc<StackClock>) -> Self {
        let queue = MemoryQueue::new(rules, clock.clone());
        Self { queue, clock, fault: Shared::default(), changed: watch::Sender::default() }
    }

    /// The next messages, at most this many, as soon as there are any.
    pub(super) async fn receive(&self, most: usize) -> Vec<ReceivedMessage> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let dead = self.queue.dead_letters().len();
            let received = self.queue.receive(most);
            if self.queue.dead_letters().len() > dead {
                self.changed.send_replace(());
                changed.mark_unchanged();
            }
            if !received.is_empty() {
                return received;
            }
            let visible = async {
                match self.queue.next_visible() {
                    Some(at) => self.clock.until(at).await,
                    None => std::future::pending().await,
                }
            };
            select! {
                () = visible => (),
                _ = changed.changed() => (),
            }
        }
    }

    /// Deletes a message, a dead letter too.
    pub(crate) fn delete(&self, id: &str) {
        self.queue.delete(id);
        self.changed.send_replace(());
    }

    /// Makes every later operation fail in this way.
    pub(crate) fn inject_fault(&self, fault: Fault) {
        *self.fault.lock() = fault;
    }

    /// Waits until all messages are delivered, or dead letters.
    pub(super) async fn at_rest(&self) {
        let mut changed = self.changed.subscribe();
        while self.queue.next_visible().is_some() {
            // The sender lives as long as the queue.
            let _ = changed.changed().await;
        }
    }

    /// All messages, dead letters too.
    pub(crate) fn messages(&self) -> Vec<(ReceivedMessage, Place)> {
        let waiting = self.queue.messages().into_iter();
        let waiting = waiting.map(|(message, at)| (message, Place::Waiting(at)));
        let dead = self.queue.dead_letters().into_iter();
        waiting.chain(dead.map(|message| (message, Place::Dead))).collect()
    }

    /// Notifies of each change.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Does what the fault leaves of an operation.
    async fn faulty<T>(
        &self,
        operation: impl Future<Output = Result<T, QueueError>>,
    ) -> Result<T, QueueError> {
        let fault = *self.fault.lock();
        match fault {
            Fault::None => operation.await,
            Fault::Slow => {
                sleep(SLOW).await;
                operation.await
            }
            Fault::ResponseLost => operation.await.and(Err(unreachable())),
            _ => Err(unreachable()),
        }
    }
}

fn unreachable() -> QueueError {
    QueueError::Unreachable("a fault was injected".into())
}

#[async_trait]
impl Queue for LocalQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let sent = self.faulty(self.queue.send(body)).await;
        self.changed.send_replace(());
        sent
    }

    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let delayed = self.faulty(self.queue.delay(receipt, wait)).await;
        self.changed.send_replace(());
        delayed
    }
}
