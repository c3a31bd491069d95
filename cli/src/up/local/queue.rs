//! A function's queue in memory, with faults on demand.

use std::{collections::HashSet, sync::Arc, time::Duration};

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
    /// The ids of the messages that a worker has.
    in_flight: Shared<HashSet<String>>,
    changed: Arc<watch::Sender<()>>,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In the queue: it is received when the stack's clock shows this time.
    Waiting(OffsetDateTime),
    /// With a worker, which is delivering it.
    InFlight,
    /// Among the dead letters.
    Dead,
}

impl LocalQueue {
    /// An empty queue, which notifies through `changed`.
    pub(super) fn new(
        rules: Rules,
        clock: Arc<StackClock>,
        changed: Arc<watch::Sender<()>>,
    ) -> Self {
        let queue = MemoryQueue::new(rules, clock.clone());
        let (fault, in_flight) = Default::default();
        Self { queue, clock, fault, in_flight, changed }
    }

    /// The next messages, at most this many, as soon as there are any.
    pub(super) async fn receive(&self, most: usize) -> Vec<ReceivedMessage> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let dead = self.queue.dead_letters().len();
            let received = self.take(most);
            if !received.is_empty() || self.queue.dead_letters().len() > dead {
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

    fn take(&self, most: usize) -> Vec<ReceivedMessage> {
        let mut in_flight = self.in_flight.lock();
        let received = self.queue.receive(most);
        in_flight.extend(received.iter().map(|message| message.id.clone()));
        received
    }

    /// A worker has delivered a message, and deletes it if it is done.
    pub(crate) fn put_back(&self, id: &str, is_done: bool) {
        if is_done {
            self.queue.delete(id);
        }
        self.in_flight.lock().remove(id);
        self.changed.send_replace(());
    }

    /// When a message can be received next; `None` if it is not in the queue.
    pub(crate) fn visible_at(&self, id: &str) -> Option<OffsetDateTime> {
        let mut messages = self.queue.messages().into_iter();
        messages.find(|(message, _)| message.id == id).map(|(_, at)| at)
    }

    /// Deletes dead letters for good.
    pub(crate) fn delete_dead_letters(&self, which: impl Fn(&ReceivedMessage) -> bool) {
        let dead = self.queue.dead_letters();
        dead.iter().filter(|dead| which(dead)).for_each(|dead| self.queue.delete(&dead.id));
        self.changed.send_replace(());
    }

    /// Moves dead letters back into the queue.
    pub(crate) fn redrive(&self, which: impl Fn(&ReceivedMessage) -> bool) {
        self.queue.redrive(which);
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
        let in_flight = self.in_flight.lock();
        let waiting = self.queue.messages().into_iter().map(|(message, at)| {
            let is_waiting = !in_flight.contains(&message.id);
            let place = if is_waiting { Place::Waiting(at) } else { Place::InFlight };
            (message, place)
        });
        let dead = self.queue.dead_letters().into_iter();
        waiting.chain(dead.map(|message| (message, Place::Dead))).collect()
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

    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let sent = self.faulty(self.queue.send_batch(bodies)).await;
        self.changed.send_replace(());
        sent
    }

    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let delayed = self.faulty(self.queue.delay(receipt, wait)).await;
        self.changed.send_replace(());
        delayed
    }
}
