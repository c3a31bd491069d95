//! Erased people: a mark in the table keeps events that are still on their way from making anew what
//! `ory-actions forget` has erased.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{Idempotency, InLane, Lease, StoreError};
use crate::{budget::Budget, key::IdempotencyKey, outcome::Outcome};

/// How long a mark is kept. A dead letter lives for 14 days, and once more for as long if it is
/// redriven on its last day.
pub const MARK_LASTS: Duration = Duration::from_hours(30 * 24);

/// The record that says that this person was erased. It holds the id of the identity and nothing else.
pub fn erased_mark(identity: Uuid) -> String {
    format!("erased#{}", identity.hyphenated())
}

/// The outcome of an erased person's event.
const ERASED: Outcome = Outcome::Skipped { reason: "erased" };

/// The mark is read once the lease is ours, never before: whoever writes it then waits for the leases
/// that were there, and knows that no later call is about the person.
impl Idempotency {
    /// Acquires the lease of work for `person`, as [`Self::acquire`] does.
    ///
    /// # Errors
    /// Also the outcome of an event whose person was erased, or of whom that is not known. Nothing of an
    /// erased person stays in the record: not even whether an earlier call may have gone out.
    pub async fn acquire_for(
        &self,
        person: Option<Uuid>,
        key: &IdempotencyKey,
        recipient: Option<&str>,
        budget: &Budget,
    ) -> Result<Lease, Outcome> {
        let lease = self.acquire(key, recipient, budget).await?;
        match self.is_erased(person).await {
            Ok(false) => Ok(lease),
            Ok(true) => Err(erased(self.store.expire(&lease).await)),
            Err(error) => {
                self.release(&lease).await;
                Err(Outcome::try_later(error.to_string()))
            }
        }
    }

    /// Enters a lane of `person`, as [`Self::enter`] does.
    ///
    /// # Errors
    /// Also the outcome of an event whose person was erased, or of whom that is not known. The lane is
    /// left as it was.
    pub async fn enter_for<R: Default + DeserializeOwned + PartialEq + Serialize>(
        &self,
        person: Option<Uuid>,
        lane: String,
        budget: &Budget,
    ) -> Result<InLane<R>, Outcome> {
        let lane = self.enter(lane, budget).await?;
        match self.is_erased(person).await {
            Ok(false) => Ok(lane),
            Ok(true) => Err(erased(self.store_and_leave(&lane, None).await)),
            Err(error) => {
                self.leave(&lane, None).await?;
                Err(Outcome::try_later(error.to_string()))
            }
        }
    }

    async fn is_erased(&self, person: Option<Uuid>) -> Result<bool, StoreError> {
        match person {
            Some(id) => self.store.is_marked(&erased_mark(id), self.clock.now()).await,
            None => Ok(false),
        }
    }
}

/// An event whose record may not have been left as it should comes again.
fn erased(left: Result<(), StoreError>) -> Outcome {
    left.map_or_else(|error| Outcome::try_later(error.to_string()), |()| ERASED)
}

#[cfg(test)]
mod tests;
