//! Workers: sandboxes to which Lambda hands the queue's messages, one at a time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use integration::Sandbox;
use tokio::{task::JoinSet, time::sleep};

use crate::stage::{QUEUE, Stage};

/// How soon an empty queue is looked at again.
const POLL: Duration = Duration::from_millis(2);

/// Sandboxes that deliver.
pub(crate) struct Workers {
    stage: Arc<Stage>,
    sandboxes: Vec<Sandbox>,
}

/// Workers at work, until they are told to stop.
pub(crate) struct AtWork {
    stage: Arc<Stage>,
    workers: JoinSet<Sandbox>,
    stop: Arc<AtomicBool>,
}

impl Workers {
    pub(crate) async fn start(stage: &Arc<Stage>, number: usize) -> Self {
        let mut sandboxes = Vec::new();
        for _ in 0..number {
            sandboxes.push(stage.deployment.clone().start().await);
        }
        Self { stage: stage.clone(), sandboxes }
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        self.sandboxes.iter().map(Sandbox::process).collect()
    }

    /// Lets them deliver what is visible, and what becomes so.
    pub(crate) fn work(self) -> AtWork {
        let stop = Arc::<AtomicBool>::default();
        let mut workers = JoinSet::new();
        for mut sandbox in self.sandboxes {
            let (stage, stop) = (self.stage.clone(), stop.clone());
            workers.spawn(async move {
                loop {
                    if !deliver_one(&stage, &mut sandbox).await {
                        if stop.load(Ordering::Relaxed) {
                            return sandbox;
                        }
                        sleep(POLL).await;
                    }
                }
            });
        }
        AtWork { stage: self.stage, workers, stop }
    }

    /// Ends them; what came of their deliveries.
    pub(crate) async fn end(self) -> BTreeMap<String, usize> {
        let mut outcomes = BTreeMap::new();
        for sandbox in self.sandboxes {
            for line in sandbox.end().await.deliveries() {
                let outcome = line["outcome"].as_str().unwrap_or("none").to_owned();
                *outcomes.entry(outcome).or_default() += 1;
            }
        }
        outcomes
    }
}

impl AtWork {
    /// Waits until nothing is visible any more.
    pub(crate) async fn finish(self) -> Workers {
        self.stop.store(true, Ordering::Relaxed);
        Workers { stage: self.stage, sandboxes: self.workers.join_all().await }
    }
}

/// Whether there was a message to deliver.
async fn deliver_one(stage: &Stage, sandbox: &mut Sandbox) -> bool {
    let message = stage.sqs.receive(QUEUE, 1);
    let Some(first) = message.first() else { return false };
    if sandbox.deliver(&message).await.is_empty() {
        stage.sqs.delete(&first.receipt);
    }
    true
}
