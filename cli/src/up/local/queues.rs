//! The queues of the stack, one per function, and the workers that receive from them.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use shared::{queue::Queue, settings::Opener};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{clock::StackClock, functions::Deployment, queue::LocalQueue};
use crate::up::console::Console;

/// The queues of a stack.
pub(crate) struct Queues {
    by_function: BTreeMap<&'static str, Arc<LocalQueue>>,
    changed: Arc<watch::Sender<()>>,
}

impl Queues {
    /// An empty queue for each function.
    pub(super) fn new(deployed: &[Deployment], clock: &Arc<StackClock>) -> Arc<Self> {
        let changed = Arc::<watch::Sender<()>>::default();
        let queue = |Deployment { name, rules, .. }: &Deployment| {
            (*name, Arc::new(LocalQueue::new(*rules, clock.clone(), changed.clone())))
        };
        Arc::new(Self { by_function: deployed.iter().map(queue).collect(), changed })
    }

    /// Opens the queue whose URL ends with the function's name.
    ///
    /// # Panics
    /// If there is no such function: the stack itself makes the URLs.
    pub(super) fn opener(self: &Arc<Self>) -> Opener<dyn Queue> {
        let queues = self.clone();
        Arc::new(move |url| {
            let name = url.rsplit('/').next().unwrap_or_default();
            queues.by_function[name].clone()
        })
    }

    /// A function's queue.
    pub(crate) fn of(&self, function: &str) -> Option<&Arc<LocalQueue>> {
        self.by_function.get(function)
    }

    /// All queues, each with its function.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Arc<LocalQueue>)> {
        self.by_function.iter().map(|(function, queue)| (*function, queue))
    }

    /// Notifies of each change in any queue.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Waits until all messages are delivered, or dead letters.
    pub(super) async fn at_rest(&self) {
        join_all(self.all().map(|(_, queue)| queue.at_rest())).await;
    }

    /// Starts a worker for each queue; they end when the set is dropped.
    pub(super) fn start_workers(
        &self,
        deployed: &[Deployment],
        console: &Arc<Console>,
    ) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        for deployment in deployed {
            if let Some(queue) = self.of(deployment.name) {
                workers.spawn(work(*deployment, queue.clone(), console.clone()));
            }
        }
        workers
    }
}

/// Receives from a queue for ever, as Lambda's event source mapping does.
async fn work(deployment: Deployment, queue: Arc<LocalQueue>, console: Arc<Console>) {
    let permits = Arc::new(Semaphore::new(deployment.concurrency));
    let mut deliveries = JoinSet::new();
    while let Ok(permit) = permits.clone().acquire_owned().await {
        let received = queue.receive(deployment.batch_size).await;
        let (console, queue) = (console.clone(), queue.clone());
        deliveries.spawn(async move {
            console.deliver(deployment.name, &queue, received).await;
            drop(permit);
        });
        while deliveries.try_join_next().is_some() {}
    }
}
