//! Stand-ins for what the functions talk to: they speak the real wire protocols on loopback,
//! remember what they received, and fail on demand.

mod aws;
mod dynamodb;
mod mandrill;
pub mod ory;
mod secrets_manager;
mod segment;
mod sqs;
mod vendor;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use aws::{AwsStandin, Refusal, Service};
pub use dynamodb::DynamoDb;
pub use mandrill::{Mandrill, Received};
pub use ory::{AdminCall, Ory, patched};
pub use secrets_manager::SecretsManager;
pub use segment::{Segment, Tracked};
pub use sqs::{Message, Sqs, lambda_event};
pub use vendor::{Behaviour, Scripted, VendorStandin};

/// State that a stand-in shares with its server.
pub(crate) struct Shared<T>(Arc<Mutex<T>>);

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Shared<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
