//! One record, and the holders that compete for it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use shared::idempotency::{
    Acquire, Completion, Entry, IdempotencyStore, InLane, LaneRecord, Lease, LeaseRequest, State,
    StoreError,
};
use time::OffsetDateTime;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);

/// How long a lease lasts, unless a case says otherwise.
pub(super) const LEASE: Duration = Duration::from_secs(27);

/// How long a record lives, unless a case says otherwise.
pub(super) const TTL: Duration = Duration::from_hours(1);

/// The digests of two recipients. Where a case does not say, a call is for the first.
pub(super) const ANN: &str = "0123456789abcdef";
pub(super) const BEN: &str = "fedcba9876543210";

/// One record of its own, and those who want it.
pub(super) struct Case<'a> {
    pub(super) records: &'a dyn IdempotencyStore,
    record_id: String,
    pub(super) start: OffsetDateTime,
}

impl<'a> Case<'a> {
    /// A real store may drop what is long past, so all of it happens now.
    pub(super) fn new(records: &'a dyn IdempotencyStore) -> Self {
        static CASES: AtomicUsize = AtomicUsize::new(0);
        let now = OffsetDateTime::now_utc();
        let case = CASES.fetch_add(1, Ordering::Relaxed);
        let record_id = format!("suite#{}#{case}", now.unix_timestamp_nanos());
        Self { records, record_id, start: now.truncate_to_millisecond() }
    }

    /// The same, beginning at this millisecond of a second.
    pub(super) fn at(records: &'a dyn IdempotencyStore, millisecond: u16) -> Self {
        let case = Self::new(records);
        let start = case.start.replace_millisecond(millisecond).expect("a second has a thousand");
        Self { start, ..case }
    }

    pub(super) fn request(&self, holder: &str, after: Duration) -> LeaseRequest {
        let now = self.start + after;
        LeaseRequest {
            record_id: self.record_id.clone(),
            holder: holder.to_owned(),
            now,
            lease_until: now + LEASE,
            ttl: Some(TTL),
        }
    }

    pub(super) async fn acquire(&self, request: LeaseRequest) -> Acquire {
        self.acquire_for(ANN, request).await
    }

    async fn acquire_for(&self, recipient: &str, request: LeaseRequest) -> Acquire {
        self.records.acquire(request, Some(recipient)).await.expect("the store can be reached")
    }

    /// Acquires the lease for a call to this recipient.
    pub(super) async fn taken_for(&self, recipient: &str, holder: &str, after: Duration) -> Lease {
        match self.acquire_for(recipient, self.request(holder, after)).await {
            Acquire::Acquired(lease) => lease,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn wins(&self, request: LeaseRequest) -> Lease {
        match self.acquire(request).await {
            Acquire::Acquired(lease) => lease,
            other => panic!("{other:?}"),
        }
    }

    /// A lease request by `holder` after this time, of the usual length.
    pub(super) async fn taken_by(&self, holder: &str, after: Duration) -> Lease {
        self.wins(self.request(holder, after)).await
    }

    /// Checks that another holder has the lease. Returns its end.
    pub(super) async fn is_busy(&self, request: LeaseRequest) -> OffsetDateTime {
        match self.acquire(request).await {
            Acquire::InProgress { until } => until,
            other => panic!("{other:?}"),
        }
    }

    /// Checks that the record is completed. Returns its state.
    pub(super) async fn is_done(&self, after: Duration) -> State {
        match self.acquire(self.request("a latecomer", after)).await {
            Acquire::Completed(state) => state,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn completes(&self, lease: &Lease, state: State) {
        let completion = Completion { state, vendor_id: Some("m1".to_owned()) };
        self.records.complete(lease, completion).await.expect("the lease holds");
    }

    /// Settles it, as somebody who has no lease; whether it was in doubt.
    pub(super) async fn settles(&self, state: State) -> bool {
        self.settles_for(ANN, state).await
    }

    pub(super) async fn settles_for(&self, recipient: &str, state: State) -> bool {
        let completion = Completion { state, vendor_id: Some("m2".to_owned()) };
        let settled = self.records.settle(&self.record_id, recipient, completion).await;
        settled.expect("the store can be reached")
    }

    pub(super) async fn releases(&self, lease: &Lease) {
        self.records.release(lease).await.expect("the lease holds");
    }

    pub(super) async fn renews(&self, lease: Lease, after: Duration) -> Lease {
        self.renews_for(ANN, lease, after).await
    }

    pub(super) async fn renews_for(&self, recipient: &str, lease: Lease, after: Duration) -> Lease {
        let renewed = self.records.renew(lease, self.start + after, Some(recipient)).await;
        renewed.expect("the lease holds")
    }

    /// Checks that a holder cannot change the record.
    pub(super) async fn has_lost(&self, lease: &Lease) {
        let completion = Completion { state: State::Delivered, vendor_id: None };
        let results = [
            self.records.release(lease).await,
            self.records.renew(lease.clone(), self.start, Some(ANN)).await.map(drop),
            self.records.complete(lease, completion).await,
        ];
        for result in results {
            assert!(matches!(result, Err(StoreError::Lost)), "{result:?}");
        }
    }

    pub(super) async fn expires(&self, lease: &Lease) {
        self.records.expire(lease).await.expect("the lease holds");
    }

    pub(super) async fn deletes(&self, record_id: &str) {
        self.records.delete(record_id).await.expect("the store can be reached");
    }

    /// The name of a mark of its own.
    pub(super) fn mark(&self) -> String {
        format!("erased#{}", self.record_id)
    }

    /// Writes its mark, which ends after this time.
    pub(super) async fn marks(&self, ends: Duration) {
        let marked = self.records.mark(&self.mark(), self.start + ends).await;
        marked.expect("the store can be reached");
    }

    pub(super) async fn is_marked(&self, after: Duration) -> bool {
        let marked = self.records.is_marked(&self.mark(), self.start + after).await;
        marked.expect("the store can be reached")
    }

    /// Enters it as a lane, by `holder` after this time, with the usual lease.
    pub(super) async fn entered_by(&self, holder: &str, after: Duration) -> InLane {
        match self.enter(self.request(holder, after)).await {
            Entry::Entered(lane) => lane,
            Entry::InProgress { until } => panic!("somebody is in it until {until}"),
        }
    }

    /// Checks that the lane is occupied. Returns the end of its lease.
    pub(super) async fn is_occupied(&self, request: LeaseRequest) -> OffsetDateTime {
        match self.enter(request).await {
            Entry::InProgress { until } => until,
            Entry::Entered(lane) => panic!("it was empty: {lane:?}"),
        }
    }

    pub(super) async fn enter(&self, request: LeaseRequest) -> Entry {
        self.records.enter(request).await.expect("the store can be reached")
    }

    pub(super) async fn leaves(&self, lane: &InLane, written: Option<LaneRecord>) {
        self.records.leave(lane, written).await.expect("the lane is still theirs");
    }

    /// Checks that a former holder can no longer write the state of the lane.
    pub(super) async fn has_lost_the_lane(&self, lane: &InLane, written: LaneRecord) {
        for written in [None, Some(written)] {
            let left = self.records.leave(lane, written).await;
            assert!(matches!(left, Err(StoreError::Lost)), "{left:?}");
        }
    }
}
