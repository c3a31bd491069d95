//! The message: the one thing that crosses from accept to deliver.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::key::Key;

/// The version that this code writes, and reads.
pub const VERSION: u32 = 1;

/// An event on its way from accept to deliver. Holds no cookie, no form node and no vendor key;
/// it does hold the person's data, so it rests encrypted.
#[derive(Clone, Deserialize, Serialize)]
pub struct Message<E> {
    /// The version of this format.
    pub version: u32,
    /// The function that it is for.
    pub function: String,
    /// The event's own key.
    pub key: Key,
    /// Ory's Trigger-ID, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_id: Option<Uuid>,
    /// When it was accepted.
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    /// The event itself.
    pub event: E,
}

impl<E: Serialize + DeserializeOwned> Message<E> {
    /// A message in the current version.
    pub fn new(function: &str, key: Key, received_at: OffsetDateTime, event: E) -> Self {
        let function = function.to_owned();
        Self { version: VERSION, function, key, trigger_id: None, received_at, event }
    }
}
