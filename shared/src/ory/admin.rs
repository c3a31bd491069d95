//! The admin API within one delivery: its calls and their report.

use serde_json::Value;
use uuid::Uuid;

use super::{Call, Identity, Ory, outcome};
use crate::{
    budget::Budget,
    deliver::{DeliveryReport, Effort, VendorClient},
    outcome::Outcome,
};

/// Why nothing is done for an identity that no longer exists.
pub const GONE: Outcome = Outcome::Skipped { reason: "identity gone" };

/// Ory's admin API, within one delivery.
#[derive(Clone, Copy)]
pub struct Admin<'a> {
    /// The client.
    pub client: &'a VendorClient<Ory>,
    /// The budget of the delivery.
    pub budget: &'a Budget,
}

impl Admin<'_> {
    /// The identity of this id, as it is now; `None` if it is gone.
    ///
    /// # Errors
    /// The outcome of an event whose identity cannot be determined.
    pub async fn identity(&self, id: Uuid) -> Result<Option<Identity>, DeliveryReport> {
        self.client.read(&Call::ById(id), outcome::identity, self.budget).await
    }

    /// The identities that sign in by this address.
    ///
    /// # Errors
    /// The outcome of an event whose identities cannot be determined.
    pub async fn identities(&self, address: &str) -> Result<Vec<Identity>, DeliveryReport> {
        let call = Call::ByAddress(address.to_owned());
        self.client.read(&call, outcome::identities, self.budget).await
    }

    /// Patches the identity while `is_held`; returns the identity after the patch.
    ///
    /// # Errors
    /// The outcome of a patch that was not made, or may not have been.
    pub async fn patch(
        &self,
        id: Uuid,
        operations: Value,
        is_held: &(dyn Fn() -> bool + Sync),
        effort: &mut Effort,
    ) -> Result<Identity, Outcome> {
        let call = Call::Patch(id, operations);
        let patched = |answer: &_| outcome::identity(answer)?.ok_or(GONE);
        self.client.call(is_held, &call, patched, self.budget, effort).await
    }
}
