//! The idempotency store: its records say who is at work on an event, and what its outcome was.
//! They keep a person from getting the same mail twice.
//!
//! A record holds a key, a state, times and the vendor's id; no personal data. While a call is in
//! doubt it also holds a keyed digest of the call's recipient, until the work is completed. A
//! lane's record holds salted digests of paths, traits and, if no identity is known, an address.

mod dynamodb;
mod lane;
mod memory;

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

pub use dynamodb::{ACTION, DynamoDbStore, KEY_ATTRIBUTE, TTL_ATTRIBUTE};
pub use lane::{Entry, InLane, Writer, Written};
pub use memory::MemoryStore;

/// The state of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// A delivery is at work, or was when it died.
    InProgress,
    /// The vendor has it.
    Delivered,
    /// The vendor will never take it.
    Rejected,
}

/// How an event ended.
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
    /// A unique name.
    pub holder: String,
    /// The time now.
    pub now: OffsetDateTime,
    /// When the holder has surely ended.
    pub lease_until: OffsetDateTime,
    /// How long the record lives from now on; `None`: forever.
    pub ttl: Option<Duration>,
}

impl LeaseRequest {
    /// Whether the lease is still valid. If not, another may be at work already, and no call may be
    /// made.
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
    /// We have the lease.
    Acquired(Lease),
    /// Another delivery holds the lease, until then at the latest.
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
    /// The request.
    pub request: LeaseRequest,
    /// Since when an earlier holder's call may have gone out; `None` if the in-doubt marker is of
    /// this lease. If set, find out its outcome before sending again.
    pub in_doubt_since: Option<OffsetDateTime>,
    /// The recipient of that earlier call, as a digest; `None` if unknown, or the in-doubt marker
    /// is of this lease. A search by another recipient proves nothing.
    pub recipient: Option<String>,
}

/// The records could not be reached or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer; it may have made the change.
    #[error("cannot reach the idempotency store")]
    Unreachable(#[source] crate::http::Cause),
    /// The store answered something that this code cannot read.
    #[error("cannot read the record: {0}")]
    Unreadable(&'static str),
    /// Another holder has acquired the lease in the meantime.
    #[error("the lease was lost to another owner")]
    Lost,
}

/// The store of records.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Acquires the lease, in one conditional write: no other holder has it and the work is not
    /// done, or the record's life is over. Sets the in-doubt marker if there is none yet: from now
    /// on a call may have gone out, to the person behind the digest `recipient`. An existing marker
    /// keeps its recipient.
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError>;

    /// Sets the in-doubt marker from `now` on: the outcome of earlier calls is known, and another
    /// call may go out, to `recipient`.
    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError>;

    /// Releases the lease after a definite "nothing happened": it ends at once, and the in-doubt
    /// marker is removed, with its recipient, if it is of this lease.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Records the completion.
    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError>;

    /// Enters a lane, in one conditional write: no other delivery is in it. Its record does not
    /// expire.
    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError>;

    /// Leaves the lane; `written` is what its events have written by now.
    async fn leave(&self, lane: &InLane, written: Option<Written>) -> Result<(), StoreError>;
}
