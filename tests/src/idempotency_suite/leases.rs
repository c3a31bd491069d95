//! Leases: one holder at a time.

use std::time::Duration;

use futures_util::future::join_all;
use shared::idempotency::{Acquire, IdempotencyStore, LeaseRequest, State};

use super::case::{Case, LEASE, MILLISECOND, SECOND};

/// Whatever the fraction of the second in which it begins.
pub async fn lease_excludes_others_until_the_millisecond_it_ends(records: &dyn IdempotencyStore) {
    for millisecond in [0, 1, 500, 998, 999] {
        let case = Case::at(records, millisecond);
        assert_eq!(case.taken_by("one", Duration::ZERO).await.in_doubt_since, None);
        for after in [
            Duration::ZERO,
            MILLISECOND,
            SECOND,
            LEASE.saturating_sub(SECOND),
            LEASE.saturating_sub(MILLISECOND),
        ] {
            let until = case.is_busy(case.request("two", after)).await;
            assert_eq!(until, case.start + LEASE, "{millisecond} ms, after {after:?}");
        }
        case.taken_by("two", LEASE).await;
    }
}

/// The others learn its end.
pub async fn one_of_fifty_concurrent_acquires_wins(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let requests = (0..50).map(|n| case.request(&format!("holder {n}"), Duration::ZERO));
    let mut won = 0;
    for acquired in join_all(requests.map(|request| case.acquire(request))).await {
        match acquired {
            Acquire::Acquired(lease) => won += usize::from(lease.in_doubt_since.is_none()),
            Acquire::InProgress { until } => assert_eq!(until, case.start + LEASE),
            Acquire::Completed(state) => panic!("nobody has completed it: {state:?}"),
        }
    }
    assert_eq!(won, 1);
}

/// Neither acquires nor completes.
pub async fn records_of_two_events_are_independent(records: &dyn IdempotencyStore) {
    let (one, two) = (Case::new(records), Case::new(records));
    let lease = one.taken_by("one", Duration::ZERO).await;
    two.taken_by("one", Duration::ZERO).await;
    one.completes(&lease, State::Delivered).await;
    two.is_busy(two.request("two", SECOND)).await;
}

/// Somebody else is at work by then.
pub async fn lost_lease_cannot_change_the_record(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let first = case.taken_by("one", Duration::ZERO).await;
    let second = case.taken_by("two", LEASE).await;
    case.has_lost(&first).await;
    let until = case.is_busy(case.request("three", LEASE)).await;
    assert_eq!(until, case.start + LEASE * 2);
    case.completes(&second, State::Rejected).await;
    case.has_lost(&first).await;
    assert_eq!(case.is_done(LEASE).await, State::Rejected);
}

/// A late end is better than none.
pub async fn expired_lease_is_valid_until_a_takeover(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lease = case.taken_by("one", Duration::ZERO).await;
    case.completes(&lease, State::Delivered).await;
    assert_eq!(case.is_done(LEASE * 2).await, State::Delivered);
}

/// Leases are in milliseconds.
pub async fn lease_ending_within_the_second_is_valid_until_then(records: &dyn IdempotencyStore) {
    let case = Case::at(records, 100);
    let lease_until = case.start + Duration::from_millis(800);
    case.wins(LeaseRequest { lease_until, ..case.request("one", Duration::ZERO) }).await;
    for after in [0, 1, 500, 799].map(Duration::from_millis) {
        assert_eq!(case.is_busy(case.request("two", after)).await, lease_until, "{after:?}");
    }
    case.taken_by("two", Duration::from_millis(800)).await;
}

/// No time is not the same as no limit.
pub async fn lease_of_zero_length_ends_at_once(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lease = case
        .wins(LeaseRequest { lease_until: case.start, ..case.request("one", Duration::ZERO) })
        .await;
    assert!(!lease.request.is_live(case.start));
    assert_eq!(case.taken_by("two", Duration::ZERO).await.in_doubt_since, Some(case.start));
    case.has_lost(&lease).await;
}
