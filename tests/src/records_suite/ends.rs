//! What is done, and for how long that is known.

use std::time::Duration;

use shared::records::{Bid, Records, RecordsError, State};

use super::case::{ANN, Case, LEASE, SECOND, TTL};

/// Whatever the fraction of the second; and what was done leaves no mark.
pub async fn done_stays_done_until_the_record_s_life_ends_and_not_a_second_longer(
    records: &dyn Records,
) {
    for (millisecond, state) in
        [(0, State::Delivered), (500, State::Rejected), (999, State::Delivered)]
    {
        let case = Case::at(records, millisecond);
        let held = case.taken_by("one", Duration::ZERO).await;
        case.completes(&held, state).await;
        for after in [Duration::ZERO, LEASE, TTL.saturating_sub(SECOND)] {
            assert_eq!(case.is_done(after).await, state, "{millisecond} ms, after {after:?}");
        }
        let heir = case.taken_by("two", TTL).await;
        assert_eq!((heir.unsure_since, heir.recipient), (None, None));
    }
}

/// The next one inherits the mark all the same.
pub async fn a_record_s_life_ends_while_somebody_is_at_work_too(records: &dyn Records) {
    let case = Case::new(records);
    let lease_until = case.start + TTL * 2;
    case.wins(Bid { lease_until, ..case.bid("one", Duration::ZERO) }).await;
    assert_eq!(case.is_busy(case.bid("two", TTL.saturating_sub(SECOND))).await, lease_until);
    let held = case.taken_by("two", TTL).await;
    assert_eq!(held.unsure_since, Some(case.start));
}

/// Even where an earlier claim had one; and one beyond all calendars is none.
pub async fn a_record_without_an_end_stays(records: &dyn Records) {
    let years_later = Duration::from_hours(10 * 365 * 24);
    for ttl in [None, Some(Duration::MAX)] {
        let case = Case::new(records);
        case.taken_by("one", Duration::ZERO).await;
        let held = case.wins(Bid { ttl, ..case.bid("two", LEASE) }).await;
        case.completes(&held, State::Delivered).await;
        assert_eq!(case.is_done(years_later).await, State::Delivered);
    }
}

/// The first answer may have been lost on its way.
pub async fn completing_twice_is_as_good_as_once(records: &dyn Records) {
    let case = Case::new(records);
    let held = case.taken_by("one", Duration::ZERO).await;
    for _ in 0..2 {
        case.completes(&held, State::Delivered).await;
    }
    assert_eq!(case.is_done(SECOND).await, State::Delivered);
}

/// Not even by who has done it.
pub async fn what_is_done_is_neither_released_nor_renewed(records: &dyn Records) {
    let case = Case::new(records);
    let held = case.taken_by("one", Duration::ZERO).await;
    case.completes(&held, State::Delivered).await;
    assert!(matches!(records.release(&held).await, Err(RecordsError::Lost)));
    let renewed = records.renew(held, case.start + SECOND, Some(ANN)).await;
    assert!(matches!(renewed, Err(RecordsError::Lost)), "{renewed:?}");
    assert_eq!(case.is_done(LEASE).await, State::Delivered);
}
