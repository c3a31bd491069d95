//! A function's queue, and Lambda's poller before it: at least once, in any order.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::Value;
use shared::queue::{MemoryQueue, Queue, QueueError, ReceivedMessage, Rules};
use tokio::{
    sync::{Notify, Semaphore},
    time::{sleep, timeout},
};

use crate::{fault::Fault, lambda::Lambda, locked::Locked, settings::Which, world::World};

/// As `template.yaml` has them: a message is hidden for six times the time that its function has.
fn rules(which: Which) -> Rules {
    Rules { visibility_timeout: 6 * which.timeout(), max_receives: 100 }
}

/// The adapter gives up after 2 s.
const SLOWEST: Duration = Duration::from_millis(1900);
/// One that hangs for longer must have no effect.
const HANGS: Duration = Duration::from_secs(5);

/// The queue.
pub(crate) struct FaultyQueue {
    world: Arc<World>,
    pub(crate) inner: Arc<MemoryQueue>,
    /// A message may be visible sooner than was known.
    touched: Notify,
    /// The events that receipts are about.
    receipts: Locked<BTreeMap<String, usize>>,
    /// The deliveries that may begin.
    free: Semaphore,
}

impl FaultyQueue {
    pub(crate) fn new(world: &Arc<World>, which: Which) -> Arc<Self> {
        let inner = Arc::new(MemoryQueue::new(rules(which), world.clock.clone()));
        Arc::new(Self {
            world: world.clone(),
            inner,
            touched: Notify::new(),
            receipts: Locked::default(),
            free: Semaphore::new(which.most_at_once()),
        })
    }

    /// A message of an operator's command.
    pub(crate) async fn put(&self, body: String) {
        self.inner.send(body).await.expect("a queue in memory");
        self.touched.notify_one();
    }

    /// Sends the dead letters again.
    pub(crate) fn redrive(&self) {
        self.inner.redrive(|_| true);
        self.touched.notify_one();
    }

    async fn done_or_not(
        self: &Arc<Self>,
        [lost, unsaid]: [Fault; 2],
        what: impl Future<Output = Result<(), QueueError>> + Send + 'static,
    ) -> Result<(), QueueError> {
        let chance = &self.world.chance;
        if chance.strikes(lost) {
            sleep(chance.latency()).await;
            return Err(QueueError::Unreachable("lost".into()));
        }
        let queue = self.clone();
        let touching = async move {
            let done = what.await;
            queue.touched.notify_one();
            done
        };
        let there = if chance.strikes(Fault::QueueSlow) {
            chance.time(Duration::ZERO..SLOWEST)
        } else {
            chance.latency()
        };
        let done = self.world.afar(there, touching).await;
        if chance.strikes(unsaid) {
            return Err(QueueError::Unreachable("no answer".into()));
        }
        done
    }
}

/// The queue as one sandbox reaches it.
pub(crate) struct Port {
    pub(crate) queue: Arc<FaultyQueue>,
    pub(crate) sandbox: usize,
}

/// For how long a message is hidden where nobody hides it, and a little.
const AS_EVER: Duration = Duration::from_mins(7);

#[async_trait]
impl Queue for Port {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        self.send_batch(vec![body]).await
    }

    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let queue = &self.queue;
        let chance = &queue.world.chance;
        let inner = queue.inner.clone();
        let sending = async move { inner.send_batch(bodies).await };
        if chance.strikes(Fault::SendHangs) {
            let is_sent = chance.is(0.5);
            let there = chance.time(Duration::ZERO..HANGS);
            let queue = queue.clone();
            let world = queue.world.clone();
            let hanging = world.afar(there, async move {
                if is_sent {
                    sending.await?;
                    queue.touched.notify_one();
                }
                sleep(HANGS).await;
                Err(QueueError::Unreachable("it hung".into()))
            });
            return hanging.await;
        }
        queue.done_or_not([Fault::SendLost, Fault::SendUnsaid], sending).await
    }

    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let queue = &self.queue;
        let world = &queue.world;
        world.say(format_args!("queue: hide {receipt} for {wait:?}"));
        let event = queue.receipts.lock().get(receipt).copied();
        if let Some(event) = event {
            world.hides(self.sandbox, event, wait);
        }
        let (inner, receipt) = (queue.inner.clone(), receipt.to_owned());
        let hiding = async move { inner.delay(&receipt, wait).await };
        let hidden = queue.done_or_not([Fault::HideLost, Fault::HideUnsaid], hiding).await;
        if hidden.is_err() {
            world.troubles_a_little(self.sandbox, AS_EVER);
        }
        hidden
    }
}

/// Receives for a function as long as the run lasts.
pub(crate) async fn poll(lambda: Arc<Lambda>, queue: Arc<FaultyQueue>) {
    let world = &queue.world;
    let most = if lambda.which() == Which::Segment { world.plan.batch } else { 1 };
    loop {
        let received = queue.inner.receive(most);
        if received.is_empty() {
            world.changed.notify_one();
            let visible = queue.inner.next_visible();
            let wait = visible.map(|at| Duration::try_from(at - world.now()).unwrap_or_default());
            let touched = queue.touched.notified();
            match wait {
                None => touched.await,
                // The queue's clock is finer than tokio's timer.
                Some(wait) => {
                    let _ = timeout(wait + Duration::from_millis(1), touched).await;
                }
            }
            continue;
        }
        let soon = world.chance.time(Duration::ZERO..Duration::from_millis(300));
        world.begin(hand(lambda.clone(), queue.clone(), received.clone(), soon));
        if world.chance.strikes(Fault::HandedTwice) {
            let again = world.chance.scale(Duration::from_millis(10)..Duration::from_hours(2));
            world.begin(hand(lambda.clone(), queue.clone(), received, again));
        }
    }
}

/// Hands messages to a sandbox, and deletes what was delivered.
async fn hand(
    lambda: Arc<Lambda>,
    queue: Arc<FaultyQueue>,
    received: Vec<ReceivedMessage>,
    after: Duration,
) {
    sleep(after).await;
    let _one = queue.free.acquire().await;
    let world = &queue.world;
    let ids: Vec<_> = received.iter().map(|message| message.id.clone()).collect();
    for message in &received {
        if let Some(key) = key(&message.body) {
            let event = world.plan.by_key(&key).map(|(number, _)| number);
            queue.receipts.lock().extend(event.map(|event| (message.receipt.clone(), event)));
            world.was_received(key, message.attempt);
        }
    }
    let Some(kept) = lambda.deliver(received).await else { return };
    if world.chance.strikes(Fault::DeleteLost) {
        return;
    }
    for id in ids.iter().filter(|id| !kept.contains(id)) {
        world.say(format_args!("queue: {}: delete {id}", lambda.which().name()));
        queue.inner.delete(id);
    }
}

/// The key of the event that a message is about.
pub(crate) fn key(body: &str) -> Option<String> {
    Some(serde_json::from_str::<Value>(body).ok()?["event_id"].as_str()?.to_owned())
}
