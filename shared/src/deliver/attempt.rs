//! One attempt to deliver an event.

use crate::{budget::Budget, key::FunctionArn, message::Message};

/// One attempt to deliver an event: inline, or from the queue.
pub struct Attempt<'a, E> {
    /// The event.
    pub message: &'a Message<E>,
    /// The function that delivers it.
    pub arn: &'a FunctionArn,
    /// The time and the calls that it has.
    pub budget: Budget,
}
