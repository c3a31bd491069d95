//! The queue between accept and deliver: it keeps an event until a vendor has it.
//!
//! Lambda itself receives from the queue and deletes what was delivered; a function only sends
//! messages, and delays those that it could not deliver yet.

mod batch;
mod memory;
#[cfg(feature = "aws")]
mod sqs;

use std::time::Duration;

use async_trait::async_trait;

use crate::http::Peer;

pub use batch::{ReceivedMessage, acknowledge, received};
pub use memory::{MemoryQueue, Rules};
#[cfg(feature = "aws")]
pub use sqs::{ACTIONS, MAX_MESSAGE_BYTES, SqsQueue, without_noncharacters};

/// The most messages that one call puts into the queue.
pub const BATCH: usize = 10;

/// The queue operation failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The message is over the queue's limit.
    #[error("the message is too large for the queue")]
    TooLarge,
    /// The queue took only a part of a batch.
    #[error("the queue refused a part of the messages")]
    Partial,
    /// The queue gave no answer, or an unclear one; it may have done what it was asked to.
    #[error("cannot reach the queue")]
    Unreachable(#[source] crate::http::Cause),
}

/// One function's queue.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts a message into the queue.
    async fn send(&self, body: String) -> Result<(), QueueError>;

    /// Puts at most [`BATCH`] messages into the queue, in one call. If it fails, some of them may be there.
    async fn send_batch(&self, bodies: Vec<String>) -> Result<(), QueueError>;

    /// Delays a received message for this long from now on; after that it is received again.
    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError>;

    /// The server that an event will call, if there is one.
    fn peer(&self) -> Option<Peer> {
        None
    }
}
