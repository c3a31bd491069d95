//! A queue in memory, for local runs and simulations. The user plays Lambda's part.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Queue, QueueError, ReceivedMessage};
use crate::clock::SharedClock;

/// How a queue keeps its messages, in SQS' terms.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a received message is hidden by default.
    pub visibility_timeout: Duration,
    /// After this many attempts a message goes to the dead letters.
    pub max_receives: u32,
}

struct Item {
    message: ReceivedMessage,
    visible_at: OffsetDateTime,
}

#[derive(Default)]
struct State {
    count: u64,
    items: Vec<Item>,
    dead: Vec<ReceivedMessage>,
}

/// A queue in memory, with its dead letters.
pub struct MemoryQueue {
    rules: Rules,
    clock: SharedClock,
    state: Mutex<State>,
}

impl MemoryQueue {
    /// An empty queue.
    pub fn new(rules: Rules, clock: SharedClock) -> Self {
        Self { rules, clock, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At most this many messages that are visible now; they are hidden for a while, and those that
    /// were received too often become dead letters.
    pub fn receive(&self, most: usize) -> Vec<ReceivedMessage> {
        let now = self.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        let dies = |item: &mut Item| {
            item.visible_at <= now && item.message.attempt >= self.rules.max_receives
        };
        state.dead.extend(state.items.extract_if(.., dies).map(|item| item.message));
        let visible = state.items.iter_mut().filter(|item| item.visible_at <= now).take(most);
        let received = visible.map(|item| {
            item.message.attempt += 1;
            item.message.receipt = format!("{}#{}", item.message.id, item.message.attempt);
            item.visible_at = now + self.rules.visibility_timeout;
            item.message.clone()
        });
        received.collect()
    }

    /// Deletes a message, a dead letter too.
    pub fn delete(&self, id: &str) {
        let mut state = self.state();
        state.items.retain(|item| item.message.id != id);
        state.dead.retain(|message| message.id != id);
    }

    /// The messages that are not dead letters, each with the time from which it can be received.
    pub fn messages(&self) -> Vec<(ReceivedMessage, OffsetDateTime)> {
        let state = self.state();
        state.items.iter().map(|item| (item.message.clone(), item.visible_at)).collect()
    }

    /// When the next message can be received; `None` where there is none.
    pub fn next_visible(&self) -> Option<OffsetDateTime> {
        self.state().items.iter().map(|item| item.visible_at).min()
    }

    /// The dead letters.
    pub fn dead_letters(&self) -> Vec<ReceivedMessage> {
        self.state().dead.clone()
    }

    /// Sends these dead letters again, as an operator does once the cause is fixed.
    pub fn redrive(&self, which: impl Fn(&ReceivedMessage) -> bool) {
        let visible_at = self.clock.now();
        let mut state = self.state();
        let state = &mut *state;
        let redriven = state.dead.extract_if(.., |message| which(message));
        state.items.extend(redriven.map(|message| Item {
            message: ReceivedMessage { attempt: 0, ..message },
            visible_at,
        }));
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        self.send_batch(vec![body]).await
    }

    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError> {
        let visible_at = self.clock.now();
        let mut state = self.state();
        for body in bodies {
            state.count += 1;
            let id = state.count.to_string();
            let message = ReceivedMessage { id, body, ..ReceivedMessage::default() };
            state.items.push(Item { message, visible_at });
        }
        Ok(())
    }

    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let visible_at = self.clock.now() + wait;
        let mut state = self.state();
        let item = state.items.iter_mut().find(|item| item.message.receipt == receipt);
        if let Some(item) = item {
            item.visible_at = visible_at;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::macros::datetime;
    use tokio::time::advance;

    use super::*;
    use crate::clock::VirtualClock;

    const RULES: Rules = Rules { visibility_timeout: Duration::from_secs(150), max_receives: 2 };

    async fn queue_of(bodies: &[&str]) -> MemoryQueue {
        let clock = VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC));
        let queue = MemoryQueue::new(RULES, Arc::new(clock));
        for body in bodies {
            queue.send((*body).to_owned()).await.unwrap();
        }
        queue
    }

    #[tokio::test(start_paused = true)]
    async fn received_message_is_invisible_until_its_timeout() {
        let queue = queue_of(&["one", "two"]).await;
        let [one] = queue.receive(1).try_into().unwrap();
        let [two] = queue.receive(9).try_into().unwrap();
        assert_eq!((one.body.as_str(), one.attempt), ("one", 1));
        assert!(queue.receive(9).is_empty());
        queue.delete(&two.id);
        queue.delay(&one.receipt, Duration::from_secs(5)).await.unwrap();
        advance(Duration::from_secs(5)).await;
        let [again] = queue.receive(9).try_into().unwrap();
        assert_eq!((again.body.as_str(), again.attempt), ("one", 2));
        queue.delay(&one.receipt, Duration::ZERO).await.unwrap();
        assert!(queue.receive(9).is_empty(), "an old receipt hides nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn message_received_too_often_is_a_dead_letter_until_redriven() {
        let queue = queue_of(&["one"]).await;
        for _ in 0..2 {
            assert_eq!(queue.receive(1).len(), 1);
            advance(RULES.visibility_timeout).await;
        }
        assert!(queue.receive(1).is_empty() && queue.next_visible().is_none());
        assert_eq!(queue.dead_letters().len(), 1);
        queue.redrive(|message| message.body != "one");
        assert_eq!((queue.dead_letters().len(), queue.messages().len()), (1, 0));
        queue.redrive(|message| message.body == "one");
        assert!(queue.dead_letters().is_empty());
        assert_eq!(queue.receive(1)[0].attempt, 1);
        queue.delete("1");
        assert!(queue.messages().is_empty());
    }
}
