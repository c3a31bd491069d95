#![doc = include_str!("../README.md")]

mod aws;
mod dynamodb;
mod fault;
mod function_url;
pub mod mailchimp;
pub mod mandrill;
pub mod ory;
pub mod relayed;
pub mod runtime_api;
mod secrets_manager;
mod segment;
pub mod server;
mod sqs;
mod vendor;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use aws::{AwsServer, Refusal, Service};
pub use dynamodb::FakeDynamoDb;
pub use fault::Fault;
pub use function_url::function_url_event;
pub use mailchimp::{FakeMailchimp, MailchimpCall};
pub use mandrill::{FakeMandrill, Received};
pub use ory::{AdminCall, FakeOry, patched};
pub use relayed::{FakeRelayed, RelayedCall};
pub use secrets_manager::FakeSecretsManager;
pub use segment::{FakeSegment, Tracked};
pub use sqs::{FakeMessage, FakeSqs, lambda_event};
pub use vendor::{FakeVendor, Scripted, VendorServer};

/// What Ory presents to a function, in the header `Authorization`.
pub const WEBHOOK_KEY: &str = "local-webhook-key";

/// State that a fake shares with its server.
pub struct Shared<T>(Arc<Mutex<T>>);

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
    /// The state, locked while the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
