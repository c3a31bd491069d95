//! Work in doubt that somebody else knows the end of.

use std::time::Duration;

use shared::idempotency::{Completion, IdempotencyStore, State, StoreError};

use super::{
    case::{ANN, BEN, Case, LEASE, SECOND, TTL},
    lanes::written,
};

/// Whoever had its lease, and whether that has ended. From then on it is done, and no longer in doubt.
pub async fn work_in_doubt_is_settled_by_somebody_else(records: &dyn IdempotencyStore) {
    for (state, other) in [(State::Delivered, State::Rejected), (State::Rejected, State::Delivered)]
    {
        let case = Case::new(records);
        case.taken_by("one", Duration::ZERO).await;
        case.taken_by("two", LEASE).await;
        assert!(case.settles(state).await);
        for after in [SECOND, LEASE * 3] {
            assert_eq!(case.is_done(after).await, state);
        }
        assert!(!case.settles(other).await, "it is done already");
        assert_eq!(case.is_done(LEASE * 3).await, state);
    }
}

/// Once its life is over it is as new: nothing of the doubt is left, nor whom it was about.
pub async fn settled_work_leaves_no_in_doubt_marker(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    case.taken_for(ANN, "one", Duration::ZERO).await;
    assert!(case.settles(State::Delivered).await);
    let next = case.taken_for(BEN, "two", TTL).await;
    assert_eq!((next.in_doubt_since, next.recipient), (None, None));
}

/// Nor is a record made where there is none: it would keep a mail from being sent.
pub async fn work_that_is_not_in_doubt_is_not_settled(records: &dyn IdempotencyStore) {
    let missing = Case::new(records);
    assert!(!missing.settles(State::Delivered).await);
    assert_eq!(missing.taken_by("one", Duration::ZERO).await.in_doubt_since, None);

    let released = Case::new(records);
    let lease = released.taken_by("one", Duration::ZERO).await;
    released.releases(&lease).await;
    assert!(!released.settles(State::Delivered).await);
    assert_eq!(released.taken_by("two", Duration::ZERO).await.in_doubt_since, None);

    let given_up = Case::new(records);
    let lease = given_up.taken_by("one", Duration::ZERO).await;
    given_up.expires(&lease).await;
    assert!(!given_up.settles(State::Delivered).await);
    given_up.taken_by("two", Duration::ZERO).await;

    let of_another = Case::new(records);
    of_another.taken_for(BEN, "one", Duration::ZERO).await;
    assert!(!of_another.settles_for(ANN, State::Delivered).await);
    let in_doubt = of_another.taken_for(BEN, "two", LEASE).await;
    assert_eq!(in_doubt.in_doubt_since, Some(of_another.start));

    let done = Case::new(records);
    let lease = done.taken_by("one", Duration::ZERO).await;
    done.completes(&lease, State::Rejected).await;
    assert!(!done.settles(State::Delivered).await);
    assert_eq!(done.is_done(SECOND).await, State::Rejected);
}

/// Its record says what was written, and no call of it is in doubt.
pub async fn lane_is_not_settled(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    assert!(!case.settles(State::Delivered).await, "somebody is in it");
    case.leaves(&lane, Some(written(1))).await;
    assert!(!case.settles(State::Delivered).await, "nobody is in it");
    let lane = case.entered_by("two", SECOND).await;
    assert_eq!(lane.written, written(1));
    case.leaves(&lane, None).await;
}

/// The answer to its call comes after the event about it: that is no failure of the delivery, and
/// changes nothing.
pub async fn holder_at_work_completes_after_its_work_was_settled(records: &dyn IdempotencyStore) {
    for state in [State::Delivered, State::Rejected] {
        let case = Case::new(records);
        let lease = case.taken_by("one", Duration::ZERO).await;
        assert!(case.settles(state).await);
        for _ in 0..2 {
            case.completes(&lease, State::Delivered).await;
        }
        assert_eq!(case.is_done(SECOND).await, state, "who was first");
    }
}

/// It would make another call, or let others make one.
pub async fn settled_work_is_neither_released_nor_renewed(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let first = case.taken_by("one", Duration::ZERO).await;
    let second = case.taken_by("two", LEASE).await;
    assert!(case.settles(State::Delivered).await);
    case.has_lost(&first).await;
    for lost in [
        records.release(&second).await,
        records.expire(&second).await,
        records.renew(second, case.start + LEASE, Some(ANN)).await.map(drop),
    ] {
        assert!(matches!(lost, Err(StoreError::Lost)), "{lost:?}");
    }
    assert_eq!(case.is_done(LEASE * 2).await, State::Delivered);
}

/// Of one call only, whatever the others are.
pub async fn settling_one_piece_of_work_leaves_others_in_doubt(records: &dyn IdempotencyStore) {
    let (one, other) = (Case::new(records), Case::new(records));
    one.taken_by("one", Duration::ZERO).await;
    other.taken_by("one", Duration::ZERO).await;
    assert!(one.settles(State::Delivered).await);
    assert_eq!(other.taken_by("two", LEASE).await.in_doubt_since, Some(other.start));
    let completion = Completion { state: State::Delivered, vendor_id: None };
    let settled = records.settle("suite#of-nobody", ANN, completion).await;
    assert!(!settled.expect("the store can be reached"));
}
