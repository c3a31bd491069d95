//! Work of people who are erased, before it begins and while it begins.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use time::{OffsetDateTime, macros::datetime};

use super::*;
use crate::{
    clock::ClockByHand,
    idempotency::{
        Acquire, Completion, Entry, IdempotencyStore, LaneRecord, LeaseRequest, MemoryStore, State,
        Written,
    },
    key::EventId,
};

const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
const INVOCATION: Duration = Duration::from_secs(25);
const ANN: Uuid = Uuid::from_u128(1);
const BEN: Uuid = Uuid::from_u128(2);
const LANE: &str = "identity#1";

/// What to do once a lease or a lane is ours, and which later operations fail.
#[derive(Default)]
struct Hooked {
    store: MemoryStore,
    marks_when_held: AtomicBool,
    failing: Mutex<Vec<&'static str>>,
}

impl Hooked {
    fn fail(&self, operations: &[&'static str]) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing = operations.to_vec();
    }

    fn check(&self, operation: &'static str) -> Result<(), StoreError> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.contains(&operation) {
            return Err(StoreError::Unreachable("away".into()));
        }
        Ok(())
    }

    async fn is_held(&self) -> Result<(), StoreError> {
        if self.marks_when_held.load(Ordering::Relaxed) {
            self.store.mark(&erased_mark(ANN), START + MARK_LASTS).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl IdempotencyStore for Hooked {
    async fn acquire(
        &self,
        request: LeaseRequest,
        recipient: Option<&str>,
    ) -> Result<Acquire, StoreError> {
        let acquired = self.store.acquire(request, recipient).await;
        self.is_held().await?;
        acquired
    }

    async fn renew(
        &self,
        lease: Lease,
        now: OffsetDateTime,
        recipient: Option<&str>,
    ) -> Result<Lease, StoreError> {
        self.store.renew(lease, now, recipient).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.store.release(lease).await
    }

    async fn expire(&self, lease: &Lease) -> Result<(), StoreError> {
        self.check("expire")?;
        self.store.expire(lease).await
    }

    async fn complete(&self, lease: &Lease, completion: Completion) -> Result<(), StoreError> {
        self.store.complete(lease, completion).await
    }

    async fn settle(
        &self,
        record_id: &str,
        recipient: &str,
        completion: Completion,
    ) -> Result<bool, StoreError> {
        self.store.settle(record_id, recipient, completion).await
    }

    async fn enter(&self, request: LeaseRequest) -> Result<Entry, StoreError> {
        let entered = self.store.enter(request).await;
        self.is_held().await?;
        entered
    }

    async fn leave(&self, lane: &InLane, written: Option<LaneRecord>) -> Result<(), StoreError> {
        self.check("leave")?;
        self.store.leave(lane, written).await
    }

    async fn is_marked(&self, mark: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.check("is_marked")?;
        self.store.is_marked(mark, now).await
    }

    async fn mark(&self, mark: &str, until: OffsetDateTime) -> Result<(), StoreError> {
        self.store.mark(mark, until).await
    }

    async fn delete(&self, record_id: &str) -> Result<(), StoreError> {
        self.store.delete(record_id).await
    }
}

struct Function {
    store: Arc<Hooked>,
    idempotency: Idempotency,
    clock: Arc<ClockByHand>,
}

impl Function {
    fn new() -> Self {
        let (store, clock) = (Arc::new(Hooked::default()), ClockByHand::at(START));
        let idempotency = Idempotency {
            function: "f",
            store: store.clone(),
            ttl: Duration::from_hours(720),
            clock: clock.clone(),
        };
        Self { store, idempotency, clock }
    }

    async fn with_mark_of(person: Uuid) -> Self {
        let function = Self::new();
        function.store.mark(&erased_mark(person), START + MARK_LASTS).await.unwrap();
        function
    }

    fn budget(&self) -> Budget {
        let now = self.idempotency.now();
        Budget::of_invocation(now, now + INVOCATION)
    }

    /// Asks for the lease of work for Ann.
    async fn acquire(&self) -> Result<Lease, Outcome> {
        let key = IdempotencyKey::new(&EventId::digest(b"event"), Some("ann"));
        self.idempotency.acquire_for(Some(ANN), &key, Some("digest"), &self.budget()).await
    }

    /// Asks for the lane of Ann.
    async fn enter(&self) -> Result<InLane<Written>, Outcome> {
        let (person, lane) = (Some(ANN), LANE.to_owned());
        self.idempotency.enter_for(person, lane, &self.budget()).await
    }
}

fn word<T: std::fmt::Debug>(result: Result<T, Outcome>) -> &'static str {
    result.unwrap_err().word()
}

#[tokio::test(start_paused = true)]
async fn work_of_an_erased_person_is_skipped_and_its_record_and_lane_are_free() {
    let function = Function::with_mark_of(ANN).await;
    for _ in 0..2 {
        assert_eq!(function.acquire().await.unwrap_err(), ERASED);
        assert_eq!(function.enter().await.unwrap_err(), ERASED);
    }
}

#[tokio::test(start_paused = true)]
async fn work_of_another_person_or_of_nobody_known_goes_on() {
    let function = Function::with_mark_of(BEN).await;
    assert!(function.acquire().await.is_ok() && function.enter().await.is_ok());
    let function = Function::with_mark_of(ANN).await;
    let (key, budget) = (IdempotencyKey::new(&EventId::digest(b"event"), None), function.budget());
    assert!(function.idempotency.acquire_for(None, &key, None, &budget).await.is_ok());
    let lane = "address#1".to_owned();
    assert!(function.idempotency.enter_for::<Written>(None, lane, &budget).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn mark_counts_until_it_ends() {
    let function = Function::with_mark_of(ANN).await;
    function.clock.leap(time::Duration::try_from(MARK_LASTS).unwrap() - time::Duration::SECOND);
    assert_eq!(word(function.acquire().await), "skipped");
    assert_eq!(word(function.enter().await), "skipped");
    function.clock.leap(time::Duration::SECOND);
    assert!(function.acquire().await.is_ok() && function.enter().await.is_ok());
}

/// Whoever writes the mark waits for leases that it finds, and finds this one.
#[tokio::test(start_paused = true)]
async fn mark_written_once_the_lease_is_held_is_seen() {
    let function = Function::new();
    function.store.marks_when_held.store(true, Ordering::Relaxed);
    assert_eq!(word(function.acquire().await), "skipped");
    let function = Function::new();
    function.store.marks_when_held.store(true, Ordering::Relaxed);
    assert_eq!(word(function.enter().await), "skipped");
}

/// Neither is searched for, nor sent again: nobody will ask.
#[tokio::test(start_paused = true)]
async fn nothing_of_an_erased_person_stays_in_doubt() {
    let function = Function::new();
    function.acquire().await.unwrap();
    function.clock.leap(time::Duration::minutes(1));
    function.store.mark(&erased_mark(ANN), START + MARK_LASTS).await.unwrap();
    assert_eq!(word(function.acquire().await), "skipped");
    function.store.delete(&erased_mark(ANN)).await.unwrap();
    let lease = function.acquire().await.unwrap();
    assert_eq!((lease.in_doubt_since, lease.recipient), (None, None));
}

#[tokio::test(start_paused = true)]
async fn what_a_lane_remembers_of_an_erased_person_is_left_for_whoever_erases_it() {
    let function = Function::new();
    let lane = function.enter().await.unwrap();
    let mut written = Written::default();
    written.changed_at = Some(START);
    function.idempotency.leave(&lane, Some(&written)).await.unwrap();
    function.store.mark(&erased_mark(ANN), START + MARK_LASTS).await.unwrap();
    assert_eq!(word(function.enter().await), "skipped");
    let entered = function.idempotency.enter::<Written>(LANE.to_owned(), &function.budget()).await;
    assert_eq!(entered.unwrap().written, written);
}

#[tokio::test(start_paused = true)]
async fn mark_that_cannot_be_read_is_try_later_and_gives_lease_and_lane_back() {
    let function = Function::new();
    function.store.fail(&["is_marked"]);
    for _ in 0..2 {
        assert_eq!(word(function.acquire().await), "try_later");
        assert_eq!(word(function.enter().await), "try_later");
    }
    function.store.fail(&[]);
    assert_eq!(function.acquire().await.unwrap().in_doubt_since, None);
    assert!(function.enter().await.is_ok());
}

/// Else a record could stay that nobody deletes any more.
#[tokio::test(start_paused = true)]
async fn event_stays_until_the_record_is_left_as_it_should() {
    let function = Function::with_mark_of(ANN).await;
    function.store.fail(&["expire", "leave"]);
    assert_eq!(word(function.acquire().await), "try_later");
    assert_eq!(word(function.enter().await), "try_later");
    function.store.fail(&[]);
    function.clock.leap(time::Duration::minutes(1));
    assert_eq!(word(function.acquire().await), "skipped");
    assert_eq!(word(function.enter().await), "skipped");
}

/// What was completed stays a duplicate: no call is made, so the mark is not asked for.
#[tokio::test(start_paused = true)]
async fn completed_work_of_an_erased_person_is_a_duplicate() {
    let function = Function::new();
    let lease = function.acquire().await.unwrap();
    let completion = Completion { state: State::Delivered, vendor_id: None };
    function.store.complete(&lease, completion).await.unwrap();
    function.store.mark(&erased_mark(ANN), START + MARK_LASTS).await.unwrap();
    assert_eq!(word(function.acquire().await), "duplicate");
}

#[test]
fn mark_names_the_identity_and_nothing_else() {
    let id = "0195E4F6-6F0E-7C2E-9A52-0F6F6D1C9A10";
    let mark = erased_mark(Uuid::try_parse(id).unwrap());
    assert_eq!(mark, "erased#0195e4f6-6f0e-7c2e-9a52-0f6f6d1c9a10");
}
