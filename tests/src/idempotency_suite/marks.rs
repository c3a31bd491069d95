//! Marks, and records that are deleted or given up.

use std::time::Duration;

use shared::idempotency::{Acquire, IdempotencyStore, LaneRecord, State, StoreError, Written};

use super::case::{ANN, BEN, Case, LEASE, MILLISECOND, SECOND, TTL};

/// Whatever the fraction of the second in which it was written.
pub async fn mark_is_there_until_the_second_it_ends(records: &dyn IdempotencyStore) {
    for millisecond in [0, 1, 500, 999] {
        let case = Case::at(records, millisecond);
        assert!(!case.is_marked(Duration::ZERO).await, "nobody has written it");
        case.marks(TTL).await;
        for after in [Duration::ZERO, LEASE, TTL.saturating_sub(SECOND)] {
            assert!(case.is_marked(after).await, "{millisecond} ms, after {after:?}");
        }
        for after in [TTL, TTL + MILLISECOND, TTL * 2] {
            assert!(!case.is_marked(after).await, "{millisecond} ms, after {after:?}");
        }
    }
}

/// Whoever erases a person again wants the mark to last.
pub async fn mark_written_again_ends_at_the_new_time(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    case.marks(TTL).await;
    case.marks(TTL * 2).await;
    assert!(case.is_marked(TTL).await);
    assert!(!case.is_marked(TTL * 2).await);
}

/// Nobody but the person whose mark it is was erased.
pub async fn marks_of_two_people_are_independent(records: &dyn IdempotencyStore) {
    let (ann, ben) = (Case::new(records), Case::new(records));
    ann.marks(TTL).await;
    assert!(!ben.is_marked(Duration::ZERO).await);
    ben.marks(TTL).await;
    ann.deletes(&ann.mark()).await;
    assert!(!ann.is_marked(Duration::ZERO).await);
    assert!(ben.is_marked(Duration::ZERO).await);
}

/// Nothing is left of it, not even that a call may have gone out. Its former holder makes no new one.
pub async fn deleted_record_is_as_if_it_had_never_been(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lease = case.taken_by("one", Duration::ZERO).await;
    for _ in 0..2 {
        case.deletes(&lease.request.record_id).await;
        case.has_lost(&lease).await;
    }
    let next = case.taken_by("two", SECOND).await;
    assert_eq!((&next.in_doubt_since, &next.recipient), (&None, &None));
    case.has_lost(&lease).await;
    case.completes(&next, State::Delivered).await;
    case.deletes(&lease.request.record_id).await;
    let acquired = case.acquire(case.request("three", SECOND)).await;
    assert!(matches!(acquired, Acquire::Acquired(_)), "{acquired:?}");
}

/// Its former holder can neither write to it nor bring it back.
pub async fn deleted_lane_is_empty_and_its_former_holder_has_lost_it(
    records: &dyn IdempotencyStore,
) {
    let written = LaneRecord::of(&Written::default()).expect("the record is serializable");
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    case.leaves(&lane, Some(written.clone())).await;
    let lane = case.entered_by("two", SECOND).await;
    case.deletes(&lane.request.record_id).await;
    case.has_lost_the_lane(&lane, written.clone()).await;
    assert_eq!(case.entered_by("three", SECOND).await.written, LaneRecord::default());
    case.has_lost_the_lane(&lane, written).await;
}

/// Nobody has to find out about a call that nobody repeats.
pub async fn expired_work_is_free_and_no_longer_in_doubt(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    case.taken_for(ANN, "one", Duration::ZERO).await;
    let lease = case.taken_for(BEN, "two", LEASE).await;
    assert_eq!(lease.in_doubt_since, Some(case.start));
    case.expires(&lease).await;
    let next = case.taken_for(BEN, "three", LEASE).await;
    assert_eq!((next.in_doubt_since, next.recipient), (None, None));
}

/// What another holder does is not ended, nor what is done undone.
pub async fn lost_or_completed_work_does_not_expire(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let first = case.taken_by("one", Duration::ZERO).await;
    let second = case.taken_by("two", LEASE).await;
    let expired = records.expire(&first).await;
    assert!(matches!(expired, Err(StoreError::Lost)), "{expired:?}");
    case.is_busy(case.request("three", LEASE)).await;
    case.completes(&second, State::Delivered).await;
    let expired = records.expire(&second).await;
    assert!(matches!(expired, Err(StoreError::Lost)), "{expired:?}");
    assert_eq!(case.is_done(LEASE * 2).await, State::Delivered);
}
