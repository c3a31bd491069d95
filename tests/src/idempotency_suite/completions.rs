//! Completed records, and how long they last.

use std::time::Duration;

use shared::idempotency::{IdempotencyStore, LeaseRequest, State, StoreError};

use super::case::{ANN, Case, LEASE, SECOND, TTL};

/// Whatever the fraction of the second. A completed record has no in-doubt marker.
pub async fn completed_record_lasts_exactly_its_lifetime(records: &dyn IdempotencyStore) {
    for (millisecond, state) in
        [(0, State::Delivered), (500, State::Rejected), (999, State::Delivered)]
    {
        let case = Case::at(records, millisecond);
        let lease = case.taken_by("one", Duration::ZERO).await;
        case.completes(&lease, state).await;
        for after in [Duration::ZERO, LEASE, TTL.saturating_sub(SECOND)] {
            assert_eq!(case.is_done(after).await, state, "{millisecond} ms, after {after:?}");
        }
        let successor = case.taken_by("two", TTL).await;
        assert_eq!((successor.in_doubt_since, successor.recipient), (None, None));
    }
}

/// The next holder inherits the in-doubt marker.
pub async fn open_record_expires_after_its_lifetime(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lease_until = case.start + TTL * 2;
    case.wins(LeaseRequest { lease_until, ..case.request("one", Duration::ZERO) }).await;
    assert_eq!(case.is_busy(case.request("two", TTL.saturating_sub(SECOND))).await, lease_until);
    let lease = case.taken_by("two", TTL).await;
    assert_eq!(lease.in_doubt_since, Some(case.start));
}

/// Even if an earlier lease had one. An expiry beyond the calendar is none.
pub async fn record_without_an_expiry_stays(records: &dyn IdempotencyStore) {
    let years_later = Duration::from_hours(10 * 365 * 24);
    for ttl in [None, Some(Duration::MAX)] {
        let case = Case::new(records);
        case.taken_by("one", Duration::ZERO).await;
        let lease = case.wins(LeaseRequest { ttl, ..case.request("two", LEASE) }).await;
        case.completes(&lease, State::Delivered).await;
        assert_eq!(case.is_done(years_later).await, State::Delivered);
    }
}

/// The first answer may have been lost on its way.
pub async fn complete_is_idempotent(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lease = case.taken_by("one", Duration::ZERO).await;
    for _ in 0..2 {
        case.completes(&lease, State::Delivered).await;
    }
    assert_eq!(case.is_done(SECOND).await, State::Delivered);
}

/// Not even by who has done it.
pub async fn completed_record_is_neither_released_nor_renewed(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lease = case.taken_by("one", Duration::ZERO).await;
    case.completes(&lease, State::Delivered).await;
    assert!(matches!(records.release(&lease).await, Err(StoreError::Lost)));
    let renewed = records.renew(lease, case.start + SECOND, Some(ANN)).await;
    assert!(matches!(renewed, Err(StoreError::Lost)), "{renewed:?}");
    assert_eq!(case.is_done(LEASE).await, State::Delivered);
}
