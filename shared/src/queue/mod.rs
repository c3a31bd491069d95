//! The queue between accept and deliver: where an event rests until a vendor has it.
//!
//! Lambda itself receives from the queue and deletes what was delivered; what a function does is
//! send, and hide what it could not deliver yet.

mod batch;
mod memory;
mod sqs;

use std::time::Duration;

use async_trait::async_trait;

pub use batch::{ReceivedMessage, acknowledge, received};
pub use memory::{MemoryQueue, Rules};
pub use sqs::{ACTIONS, MAX_MESSAGE_BYTES, SqsQueue};

/// The queue did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The message is over the queue's limit.
    #[error("the message is too large for the queue")]
    TooLarge,
    /// The queue gave no answer, or an unclear one; it may have done what it was asked to.
    #[error("cannot reach the queue")]
    Unreachable(#[source] crate::http::Cause),
}

/// One function's queue.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Puts a message into the queue.
    async fn send(&self, body: String) -> Result<(), QueueError>;

    /// Hides a received message for so long from now on; after that it is received again.
    async fn delay(&self, receipt: &str, wait: Duration) -> Result<(), QueueError>;
}
