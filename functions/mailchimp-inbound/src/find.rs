//! Whom an event is about: the identity that its merge field `ORY_ID` names, or the one that signs
//! in by its address.

use shared::{
    budget::Budget,
    deliver::{Attempts, Channel, Delivered},
};
use uuid::Uuid;

use crate::{
    event::Event,
    order::withdraws,
    ory::{Call, Identity, Ory, found},
    patch::Operation,
};

/// Ory's admin API, within one delivery.
#[derive(Clone, Copy)]
pub(crate) struct Admin<'a> {
    pub(crate) channel: &'a Channel<Ory>,
    pub(crate) budget: &'a Budget,
    pub(crate) attempts: Attempts,
}

impl Admin<'_> {
    /// Patches the identity, unless `is_held` no more.
    pub(crate) async fn patch(
        &self,
        id: Uuid,
        operations: Vec<Operation>,
        is_held: &(dyn Fn() -> bool + Sync),
    ) -> Delivered {
        let call = Call::Patch(id, operations);
        self.channel.call_while(is_held, &call, self.budget, self.attempts).await
    }

    /// The identity of this id, as it is now; `None` where it is gone.
    ///
    /// # Errors
    /// What came of an event whose identity cannot be known.
    pub(crate) async fn read(&self, id: Uuid) -> Result<Option<Identity>, Delivered> {
        self.look_up(&Call::ById(id)).await
    }

    /// The identity that the event is about, `None` where Ory knows none.
    ///
    /// # Errors
    /// What came of an event whose identity cannot be known.
    pub(crate) async fn find(&self, event: &Event) -> Result<Option<Identity>, Delivered> {
        if let Some(id) = event.ory_id().and_then(|id| Uuid::try_parse(id).ok())
            && let Some(identity) = self.read(id).await?
            && may_stand_for(&identity, event)
        {
            return Ok(Some(identity));
        }
        for address in event.addresses() {
            let call = Call::ByAddress(address.to_owned());
            if let Some(identity) = self.look_up(&call).await? {
                return Ok(Some(identity));
            }
        }
        Ok(None)
    }

    async fn look_up(&self, call: &Call) -> Result<Option<Identity>, Delivered> {
        let delivered = self.channel.deliver(call, None, self.budget, self.attempts).await;
        found(delivered.outcome).map_err(|outcome| Delivered { outcome, ..delivered })
    }
}

/// Strangers can type anyone's id into a contact of theirs. To take consent away it will do: whose
/// contact it is may have changed the address since. For anything else the identity must have
/// proved that the address is its own.
fn may_stand_for(identity: &Identity, event: &Event) -> bool {
    withdraws(event) || event.address().is_some_and(|address| identity.has_verified(address))
}
