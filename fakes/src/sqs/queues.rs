//! Queues and their messages.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use md5::{Digest, Md5};
use time::OffsetDateTime;

/// A message of a queue.
#[derive(Clone, Debug)]
pub struct FakeMessage {
    /// The queue's name.
    pub queue: String,
    /// The message's id.
    pub id: String,
    /// The body.
    pub body: String,
    /// When it was sent.
    pub sent: OffsetDateTime,
    /// How many times it was received.
    pub receive_count: u32,
    /// When it was first received.
    pub first_received: Option<OffsetDateTime>,
    /// The handle of its last receipt; empty before the first one.
    pub receipt: String,
    /// When it becomes visible again; `None` if it was never hidden.
    pub hidden_until: Option<Instant>,
    /// The seconds requested with `ChangeMessageVisibility` since it was last received.
    pub visibility: Option<u32>,
}

impl FakeMessage {
    /// Whether it cannot be received at the moment.
    pub fn is_hidden(&self) -> bool {
        self.hidden_until.is_some_and(|until| Instant::now() < until)
    }

    /// The MD5 digest of its body, in hexadecimal.
    pub(super) fn md5(&self) -> String {
        hex::encode(Md5::digest(&self.body))
    }

    pub(super) fn ask_visibility(&mut self, seconds: u32) {
        self.visibility = Some(seconds);
        self.delay(Duration::from_secs(seconds.into()));
    }

    fn delay(&mut self, time: Duration) {
        self.hidden_until = Some(Instant::now() + time);
    }
}

/// The state of SQS.
pub struct Queues {
    pub(super) max_message_bytes: usize,
    pub(super) visibility_timeout: Duration,
    /// How many entries of batches are not taken.
    pub(super) failing_entries: usize,
    by_name: HashMap<String, Vec<FakeMessage>>,
    /// The dead-letter queue of each queue that has one.
    pub(super) dead_letters: HashMap<String, String>,
    /// How many ids and receipt handles were issued.
    count: u64,
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            max_message_bytes: 1024 * 1024,
            visibility_timeout: Duration::from_secs(150),
            failing_entries: 0,
            by_name: HashMap::new(),
            dead_letters: HashMap::new(),
            count: 0,
        }
    }
}

impl Queues {
    pub(super) fn create(&mut self, name: &str) {
        self.by_name.entry(name.to_owned()).or_default();
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The messages of a queue; `None` if there is no such queue.
    pub(super) fn of(&self, name: &str) -> &[FakeMessage] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn send(&mut self, name: &str, body: &str) -> FakeMessage {
        self.count += 1;
        let message = FakeMessage {
            queue: name.to_owned(),
            id: format!("00000000-0000-4000-8000-{:012x}", self.count),
            body: body.to_owned(),
            sent: OffsetDateTime::now_utc(),
            receive_count: 0,
            first_received: None,
            receipt: String::new(),
            hidden_until: None,
            visibility: None,
        };
        self.by_name.entry(name.to_owned()).or_default().push(message.clone());
        message
    }

    pub(super) fn receive(
        &mut self,
        name: &str,
        most: usize,
        hidden: Duration,
    ) -> Vec<FakeMessage> {
        let messages = self.by_name.get_mut(name).into_iter().flatten();
        let visible = messages.filter(|message| !message.is_hidden()).take(most);
        visible
            .map(|message| {
                self.count += 1;
                message.receipt = format!("receipt-{}", self.count);
                message.receive_count += 1;
                message.visibility = None;
                message.first_received.get_or_insert_with(OffsetDateTime::now_utc);
                message.delay(hidden);
                message.clone()
            })
            .collect()
    }

    /// The message of a queue that was last received with this receipt handle.
    pub(super) fn received(&mut self, name: &str, receipt: &str) -> Option<&mut FakeMessage> {
        self.by_name.get_mut(name)?.iter_mut().find(|message| message.receipt == receipt)
    }

    pub(super) fn delete(&mut self, receipt: &str) {
        for messages in self.by_name.values_mut() {
            messages.retain(|message| message.receipt.is_empty() || message.receipt != receipt);
        }
    }

    pub(super) fn make_visible(&mut self, name: &str) {
        for message in self.by_name.get_mut(name).into_iter().flatten() {
            message.hidden_until = None;
        }
    }
}
