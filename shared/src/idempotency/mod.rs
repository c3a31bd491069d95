//! The idempotency store: its records say who is at work on an event, and its result. They keep
//! a person from getting the same mail twice.
//!
//! A record holds a key, a state, times and the vendor's id; no personal data. While a call is in
//! doubt it also holds a keyed digest of the call's recipient, which is gone once the work is completed.
//! A lane's record holds salted digests of paths, traits and, where no identity is known, an address;
//! that of `mailchimp-subscribe` holds the id of a contact.

#[cfg(feature = "aws")]
mod dynamodb;
mod erasure;
mod lane;
mod memory;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Builder;

#[cfg(feature = "aws")]
pub use dynamodb::{ACTIONS, DynamoDbStore, KEY_ATTRIBUTE, TTL_ATTRIBUTE};
pub use erasure::{MARK_LASTS, erased_mark};
pub use lane::{Calls, Entry, InLane, LaneRecord, Writer, Written};
pub use memory::MemoryStore;

use crate::{
    budget::Budget,
    clock::SharedClock,
    http::Peer,
    key::IdempotencyKey,
    outcome::{Outcome, Wait},
    telemetry::chain,
};

/// What a record says of its event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Somebody is at work, or was when it died.
    InProgress,
    /// The vendor has it.
    Delivered,
    /// The vendor will never take it.
    Rejected,
}

/// How an event came to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Completion {
    /// `Delivered` or `Rejected`.
    pub state: State,
    /// The vendor's id for it.
    pub vendor_id: Option<String>,
}

/// Who wants to work on what, until when.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    /// The record's key, see [`crate::key::IdempotencyKey::record_id`].
    pub record_id: String,
    /// A name that nobody else has.
    pub holder: String,
    /// The time now.
    pub now: OffsetDateTime,
    /// When the holder is surely gone.
    pub lease_until: OffsetDateTime,
    /// How long the record lives from now on; `None`: for good.
    pub ttl: Option<Duration>,
}

impl LeaseRequest {
    /// Whether the lease still holds. Where it does not, another may be at work already, and no
    /// call may be made.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        now < self.lease_until
    }

    /// When the record ends; `None`: never, or beyond all calendars.
    pub fn expires(&self) -> Option<OffsetDateTime> {
        self.now.checked_add(self.ttl?.try_into().ok()?)
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub enum Acquire {
    /// The work is ours.
    Acquired(Lease),
    /// Another is at work, until then at the latest.
    InProgress {
        /// When its lease ends.
        until: OffsetDateTime,
    },
    /// It is completed.
    Completed(State),
}

/// A lease that was acquired.
#[derive(Clone, Debug)]
pub struct Lease {
    /// What was asked for.
    pub request: LeaseRequest,
    /// Since when an earlier holder's call may have gone out; `None` if this lease set
    /// the marker. Whoever finds this must find out first, before sending again.
    pub in_doubt_since: Option<OffsetDateTime>,
    /// Whom that earlier call was for, as a digest; `None` if that is not known, or this lease
    /// set the marker. A search for somebody else proves nothing.
    pub recipient: Option<String>,
}

/// The records could not be reached, or not be changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer; it may have done what it was asked to.
    #[error("cannot reach the idempotency store")]
    Unreachable(#[source] crate::http::Cause),
    /// The store answered what this code does not read.
    #[error("cannot read the record: {0}")]
    Unreadable(&'static str),
    /// Another holder has taken over in the meantime.
    #[error("the lease was lost to another owner")]
    Lost,
}

/// The store of records.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Acquires the lease, in one conditional write: nobody else has it, the work is not done, or the
    /// record's life or its holder's lease is over. Sets the in-doubt marker if there is none yet:
    /// from now on a call may have gone out, to whom `recipient`, a digest, stands for. Where there is
    /// a marker already, its recipient stays.
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError>;

    /// Sets the in-doubt marker from `now` on: what went before is known, and another call may
    /// go out, to `recipient`.
    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError>;

    /// Gives the work back after a definite "nothing happened": the lease ends at once, and the
    /// in-doubt marker goes, with its recipient, if this lease set it.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Gives the work up for good: the lease ends at once, the in-doubt marker goes, whoever set it, and
    /// the record expires soon.
    async fn expire(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Writes down the end.
    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError>;

    /// Writes down the end of work that is in doubt, whoever has its lease, as somebody else knows of it;
    /// says whether there was such work. `recipient` must be that of the call in doubt: work of another
    /// deployment can have the same record id.
    async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, StoreError>;

    /// Enters a lane, in one conditional write: nobody else is in it. Its record does not expire.
    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError>;

    /// Leaves the lane; with `written`, that is what its events have written by now.
    async fn leave(&self, lane: &InLane, written: Option<LaneRecord>) -> Result<(), StoreError>;

    /// Whether there is a mark of this name at `now`. Sees each mark that was written before.
    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError>;

    /// Writes a mark, which stays until `until`, in whole seconds.
    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError>;

    /// Deletes a record or a mark, whoever has its lease: the lease is lost.
    async fn delete(&self, record_id: &str) -> Result<(), StoreError>;

    /// The server that an event will call, if there is one.
    fn peer(&self) -> Option<Peer> {
        None
    }
}

/// The records of one function.
pub struct Idempotency {
    /// The function's name, the scope of its records.
    pub function: &'static str,
    /// The store.
    pub store: Arc<dyn IdempotencyStore>,
    /// How long a record lives.
    pub ttl: Duration,
    /// The wall clock.
    pub clock: SharedClock,
}

impl Idempotency {
    /// Acquires the lease of the work, whose call is for `recipient`, a digest.
    ///
    /// # Errors
    /// The outcome of an event that is done, or whose lease cannot be acquired.
    pub async fn acquire(
        &self,
        key: &IdempotencyKey,
        recipient: Option<&str>,
        budget: &Budget,
    ) -> Result<Lease, Outcome> {
        let ttl = (!key.is_named()).then_some(self.ttl);
        let request = self.request(key.record_id(self.function), ttl, budget);
        match self.store.acquire(request, recipient).await {
            Ok(Acquire::Acquired(lease)) => Ok(lease),
            Ok(Acquire::InProgress { until }) => Err(self.busy(until)),
            Ok(Acquire::Completed(_)) => Err(Outcome::Duplicate),
            Err(error) => Err(Outcome::try_later(error.to_string())),
        }
    }

    /// Writes down the end of another function's work that is in doubt; says whether there was such work.
    ///
    /// # Errors
    /// The outcome of an event that knows of the end, if that cannot be written down.
    pub async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, Outcome> {
        let settled = self.store.settle(record_id, recipient, completion).await;
        settled.map_err(|error| Outcome::try_later(error.to_string()))
    }

    /// Enters a lane, which all functions of the stack share. Its record is of type `R`.
    ///
    /// # Errors
    /// The outcome of an event whose lane cannot be entered.
    pub async fn enter<R: Default + DeserializeOwned>(
        &self,
        lane: String,
        budget: &Budget,
    ) -> Result<InLane<R>, Outcome> {
        let entered = match self.store.enter(self.request(lane, None, budget)).await {
            Ok(Entry::Entered(lane)) => lane.read(),
            Ok(Entry::InProgress { until }) => return Err(self.busy(until)),
            Err(error) => Err(error),
        };
        entered.map_err(|error| Outcome::try_later(error.to_string()))
    }

    /// Leaves a lane; with `written`, that is what its events have written by now.
    ///
    /// # Errors
    /// The outcome of an event that has written something, where nobody can tell from the lane: it
    /// comes again, or an older one would be applied after it.
    pub async fn leave<R: Default + PartialEq + Serialize>(
        &self,
        lane: &InLane<R>,
        written: Option<&R>,
    ) -> Result<(), Outcome> {
        match self.store_and_leave(lane, written).await {
            Err(error) if written.is_some() => Err(Outcome::try_later(error.to_string())),
            left => {
                warn_if_failed(left, "failed to leave a lane");
                Ok(())
            }
        }
    }

    async fn store_and_leave<R: Default + PartialEq + Serialize>(
        &self,
        lane: &InLane<R>,
        written: Option<&R>,
    ) -> Result<(), StoreError> {
        let record = written.map(LaneRecord::of).transpose()?;
        self.store.leave(&lane.stored()?, record).await
    }

    fn request(&self, record_id: String, ttl: Option<Duration>, budget: &Budget) -> LeaseRequest {
        let (now, lease_until) = (self.clock.now(), budget.lease_until());
        LeaseRequest { record_id, holder: random_name(), now, lease_until, ttl }
    }

    fn busy(&self, until: OffsetDateTime) -> Outcome {
        Outcome::TryLater {
            wait: Wait::Until((until - self.clock.now()).try_into().unwrap_or_default()),
            cause: "another delivery holds the lease".to_owned(),
        }
    }

    /// Whether the lease still holds: without one, no call.
    pub fn is_live(&self, request: &LeaseRequest) -> bool {
        request.is_live(self.clock.now())
    }

    /// The time now.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Takes the event for untouched so far: another call may go out from now on, to `recipient`.
    ///
    /// # Errors
    /// The outcome of an event whose record cannot be changed: no call without it.
    pub async fn renew(&self, lease: &mut Lease, recipient: Option<&str>) -> Result<(), Outcome> {
        match self.store.renew(lease.clone(), self.clock.now(), recipient).await {
            Ok(renewed) => {
                *lease = renewed;
                Ok(())
            }
            Err(error) => Err(Outcome::try_later(error.to_string())),
        }
    }

    /// Records the result of the call. Where that fails the event is as it is all the same: the record
    /// stays in doubt, and nobody sends again without finding out.
    /// `may_repeat`: a call of which nobody knows what came may simply be made again.
    pub async fn record(&self, lease: &Lease, outcome: &Outcome, may_repeat: bool) {
        let completion = |state, vendor_id| Completion { state, vendor_id };
        match outcome {
            Outcome::Delivered { vendor, .. } => {
                self.complete(lease, completion(State::Delivered, vendor_id(vendor))).await;
            }
            Outcome::Rejected { .. } => {
                self.complete(lease, completion(State::Rejected, None)).await;
            }
            Outcome::TryLater { .. } | Outcome::Blocked(_) => self.release(lease).await,
            Outcome::InDoubt { .. } if may_repeat => self.release(lease).await,
            // The lease runs out by itself and the marker stays: whoever comes next finds out.
            _ => {}
        }
    }

    async fn complete(&self, lease: &Lease, completion: Completion) {
        warn_if_failed(
            self.store.complete(lease, completion).await,
            "failed to record a completion",
        );
    }

    /// Gives the work back: nothing happened.
    async fn release(&self, lease: &Lease) {
        warn_if_failed(self.store.release(lease).await, "failed to release a lease");
    }
}

fn vendor_id(vendor: &Value) -> Option<String> {
    vendor["message_id"].as_str().map(str::to_owned)
}

fn warn_if_failed(result: Result<(), StoreError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(error = chain(&error), "{what}");
    }
}

fn random_name() -> String {
    Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid().to_string()
}
