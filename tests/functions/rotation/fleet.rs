//! A fleet: one function in several sandboxes at once, each with cached secrets of a different age.

use std::{collections::BTreeSet, time::Duration};

use fakes::FakeMessage;
use integration::{Event, Sandbox};
use tokio::time::sleep;

use crate::common::setup::{QUEUE, Running, Setup, Vendor};

/// How long a secret is cached, in seconds: the least that a function takes.
const TTL: &str = "1";

/// A little over it. The functions run by the real clock.
const OVER_THE_TTL: Duration = Duration::from_millis(1_100);

/// A function with a queue and a table, as it is deployed.
pub(super) struct Fleet<V> {
    pub(super) running: Running<V>,
    sandboxes: Vec<Sandbox>,
    accepted: usize,
    delivered: Vec<String>,
}

impl<V: Vendor> Fleet<V> {
    /// Secrets grow old soon.
    pub(super) async fn start(setup: Setup<V>) -> Self {
        Self::start_with_lasting_secrets(setup.var("SECRET_TTL_SECONDS", TTL)).await
    }

    /// Secrets are kept as long as they are by default.
    pub(super) async fn start_with_lasting_secrets(setup: Setup<V>) -> Self {
        let running = setup.with_queue().with_table().start().await;
        let sandboxes = vec![running.sandbox.another().await, running.sandbox.another().await];
        Self { running, sandboxes, accepted: 0, delivered: Vec::new() }
    }

    /// Time goes by, until no sandbox believes in a secret that is no more.
    pub(super) async fn waits(&self) {
        sleep(OVER_THE_TTL).await;
    }

    /// Another sandbox starts, and each gets an event of its own. All of them are accepted, and
    /// then delivered by one sandbox after the other.
    pub(super) async fn takes(&mut self, event: impl Fn(usize) -> Event) {
        self.accepts(event).await;
        assert!(self.delivers().await.is_empty(), "an event was not delivered");
        self.delivered.extend(self.running.vendor.take_lines());
    }

    /// The same, and nothing is delivered yet.
    pub(super) async fn accepts(&mut self, event: impl Fn(usize) -> Event) {
        self.sandboxes.push(self.running.sandbox.another().await);
        for sandbox in &mut self.sandboxes {
            self.accepted += 1;
            let answer = sandbox.invoke(event(self.accepted)).await;
            assert_eq!(answer.body["status"], "accepted", "event {}: {answer:?}", self.accepted);
        }
    }

    /// Delivers what is visible in the queue, by one sandbox after the other; what rests there
    /// then.
    pub(super) async fn delivers(&mut self) -> Vec<FakeMessage> {
        let messages = self.running.sqs.receive(QUEUE, usize::MAX);
        for (n, message) in messages.iter().enumerate() {
            let at = n % self.sandboxes.len();
            let kept = self.sandboxes[at].deliver(std::slice::from_ref(message)).await;
            if kept.is_empty() {
                self.running.sqs.delete(&message.receipt);
            }
        }
        self.running.stored()
    }

    /// No sandbox lets the caller of this event in, and the last of them has just started.
    pub(super) async fn turns_away(&mut self, event: Event) {
        self.sandboxes.push(self.running.sandbox.another().await);
        assert_eq!(self.statuses_of(event).await, [401].into());
    }

    /// What the sandboxes answer to this event.
    pub(super) async fn statuses_of(&mut self, event: Event) -> BTreeSet<u16> {
        let mut statuses = BTreeSet::new();
        for sandbox in &mut self.sandboxes {
            statuses.insert(sandbox.invoke(event.clone()).await.status);
        }
        statuses
    }

    /// Whether what the vendor was told is all that was accepted, each event once.
    pub(super) fn assert_each_was_delivered_once(self) {
        let different: BTreeSet<_> = self.delivered.iter().collect();
        assert_eq!((self.delivered.len(), different.len()), (self.accepted, self.accepted));
    }
}
