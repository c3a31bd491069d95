//! The Mailchimp contacts of a person: the one that the record names, and those of earlier addresses.

use std::{collections::BTreeMap, sync::Arc};

use mailchimp_subscribe::{
    erase::{Erased, Eraser, Erasure, contacts},
    record::ContactRecord,
};
use shared::{budget::Budget, idempotency::InLane, outcome::Outcome};

use super::{
    records::{LEASE, Records},
    stack::Stack,
};
use crate::{
    dead_letters::{function::Live, holding::Failure},
    interruption::Interrupted,
};

/// How many contacts had which end.
pub(super) type Ends = BTreeMap<Erased, usize>;

/// Contacts were not erased. The record stays, so that the next run finds them.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfinished {
    #[error("{0} of {1} contacts are done; then Mailchimp did not do it: {2}")]
    Failed(usize, usize, String),
    #[error("{0} of {1} contacts are done")]
    Interrupted(usize, usize, #[source] Interrupted),
}

/// The contacts in the audience of mailchimp-subscribe.
pub(super) struct Contacts {
    eraser: Eraser,
    pub(super) how: Erasure,
}

impl Contacts {
    pub(super) fn of(stack: &Stack, function: &Live, how: Erasure) -> Result<Self, Failure> {
        let (secrets, http) = (Arc::new(stack.secrets()), stack.http.clone());
        Ok(Self { eraser: Eraser::from_env(&function.environment(), secrets, http)?, how })
    }

    /// The id of the audience.
    pub(super) fn list(&self) -> &str {
        &self.eraser.list
    }

    /// Erases them while nobody else is in the lane, and deletes the record after that. Says how many
    /// had which end.
    pub(super) async fn erase(&self, lane: &str, records: &Records<'_>) -> Result<Ends, Failure> {
        let entered = records.enter(lane).await?;
        match self.erase_in(&entered, records).await {
            Ok(erased) => {
                records.store.delete(lane).await?;
                Ok(erased)
            }
            Err(failure) => {
                // Where that fails, the lease ends by itself.
                let _ = records.leave(&entered).await;
                Err(failure)
            }
        }
    }

    async fn erase_in(&self, lane: &InLane, records: &Records<'_>) -> Result<Ends, Failure> {
        let record: ContactRecord = lane.written.read()?;
        let ids = contacts(&record);
        let now = records.clock.now();
        let budget = Budget::inline(LEASE, now, lane.request.lease_until);
        let is_held = || lane.request.is_live(records.clock.now());
        let mut ends = Ends::new();
        for (done, id) in ids.iter().enumerate() {
            let work = self.eraser.erase(id, self.how, &is_held, &budget);
            match records.interruption.unless(work).await {
                Ok(Ok(end)) => *ends.entry(end).or_default() += 1,
                Ok(Err(outcome)) => return Err(failed(done, ids.len(), &outcome).into()),
                Err(why) => return Err(Unfinished::Interrupted(done, ids.len(), why).into()),
            }
        }
        Ok(ends)
    }
}

fn failed(done: usize, all: usize, outcome: &Outcome) -> Unfinished {
    Unfinished::Failed(done, all, outcome.cause().unwrap_or_default())
}
