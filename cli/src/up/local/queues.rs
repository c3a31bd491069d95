//! The queues of the stack, one per function, and the workers that receive from them.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use shared::{queue::Queue, settings::Opener};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    clock::StackClock,
    functions::{DEPLOYMENTS, Deployment},
    queue::LocalQueue,
};
use crate::up::console::Console;

/// The queues by function.
pub(crate) struct Queues(BTreeMap<&'static str, Arc<LocalQueue>>);

impl Queues {
    /// An empty queue for each function.
    pub(super) fn new(clock: &Arc<StackClock>) -> Arc<Self> {
        let queue = |Deployment { name, rules, .. }: &Deployment| {
            (*name, Arc::new(LocalQueue::new(*rules, clock.clone())))
        };
        Arc::new(Self(DEPLOYMENTS.iter().map(queue).collect()))
    }

    /// Opens the queue whose URL ends with the function's name.
    ///
    /// # Panics
    /// If there is no such function: the stack itself makes the URLs.
    pub(super) fn opener(self: &Arc<Self>) -> Opener<dyn Queue> {
        let queues = self.clone();
        Arc::new(move |url| {
            let name = url.rsplit('/').next().unwrap_or_default();
            queues.0[name].clone()
        })
    }

    /// A function's queue.
    pub(crate) fn of(&self, function: &str) -> Option<&Arc<LocalQueue>> {
        self.0.get(function)
    }

    /// All queues.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<LocalQueue>> {
        self.0.values()
    }

    /// Waits until all messages are delivered, or dead letters.
    pub(super) async fn at_rest(&self) {
        join_all(self.all().map(|queue| queue.at_rest())).await;
    }

    /// Starts a worker for each queue; they end when the set is dropped.
    pub(super) fn start_workers(&self, console: &Arc<Console>) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        for deployment in &DEPLOYMENTS {
            if let Some(queue) = self.of(deployment.name) {
                workers.spawn(work(deployment, queue.clone(), console.clone()));
            }
        }
        workers
    }
}

/// Receives from a queue for ever, as Lambda's event source mapping does.
async fn work(deployment: &'static Deployment, queue: Arc<LocalQueue>, console: Arc<Console>) {
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
