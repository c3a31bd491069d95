//! A function's use of its records: acquire the lease before the call, record the outcome after it.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Builder;

use crate::{
    budget::Budget,
    clock::SharedClock,
    idempotency::{
        Acquire, Completion, Entry, IdempotencyStore, InLane, Lease, LeaseRequest, State,
        StoreError, Written,
    },
    key::IdempotencyKey,
    outcome::{Outcome, Wait},
    telemetry::chain,
};

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
    /// Acquires the lease for the work, whose call is for `recipient`, a digest.
    ///
    /// # Errors
    /// The outcome of an event that is done, or that cannot be leased.
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

    /// Enters a lane, which all functions of the stack share.
    ///
    /// # Errors
    /// The outcome of an event whose lane cannot be entered.
    pub async fn enter(&self, lane: String, budget: &Budget) -> Result<InLane, Outcome> {
        match self.store.enter(self.request(lane, None, budget)).await {
            Ok(Entry::Entered(lane)) => Ok(lane),
            Ok(Entry::InProgress { until }) => Err(self.busy(until)),
            Err(error) => Err(Outcome::try_later(error.to_string())),
        }
    }

    /// Leaves a lane; `written` is what its events have written by now.
    ///
    /// # Errors
    /// The outcome of an event that has written something which the lane could not record: it is
    /// retried, or an older one would be applied after it.
    pub async fn leave(&self, lane: &InLane, written: Option<Written>) -> Result<(), Outcome> {
        let has_written = written.is_some();
        match self.store.leave(lane, written).await {
            Err(error) if has_written => Err(Outcome::try_later(error.to_string())),
            left => {
                warn_if_failed(left, "failed to leave a lane");
                Ok(())
            }
        }
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

    /// Whether the lease is still valid: without one, no call.
    pub fn is_live(&self, request: &LeaseRequest) -> bool {
        request.is_live(self.clock.now())
    }

    /// The time now.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Treats the event as not sent so far: another call may go out from now on, to `recipient`.
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

    /// Records the outcome of the call. If that fails the outcome stays the same: the record stays
    /// in doubt, and no call is repeated before a search.
    /// `may_repeat`: a call in doubt may simply be made again.
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
            // The lease expires by itself and the in-doubt marker stays: the next attempt searches
            // first.
            _ => {}
        }
    }

    async fn complete(&self, lease: &Lease, completion: Completion) {
        warn_if_failed(
            self.store.complete(lease, completion).await,
            "failed to record a completion",
        );
    }

    /// Releases the lease: nothing happened.
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
