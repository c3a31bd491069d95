//! The in-doubt marker: since when a call may have gone out.

use std::time::Duration;

use shared::idempotency::IdempotencyStore;

use super::case::{ANN, BEN, Case, LEASE, SECOND};

/// Not since a later one: the first call may be the one that went out.
pub async fn crashed_holder_leaves_the_event_in_doubt_since_the_first_acquire(
    records: &dyn IdempotencyStore,
) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    for (holder, leases) in [("two", 1), ("three", 2), ("four", 5)] {
        let held = case.taken_by(holder, LEASE * leases).await;
        assert_eq!(held.in_doubt_since, Some(case.start), "{holder}");
    }
}

/// Nothing happened, so that nobody has to find out.
pub async fn release_ends_the_lease_and_clears_its_own_in_doubt_marker(
    records: &dyn IdempotencyStore,
) {
    let case = Case::new(records);
    let first = case.taken_by("one", Duration::ZERO).await;
    case.releases(&first).await;
    for holder in ["two", "three"] {
        let held = case.taken_by(holder, Duration::ZERO).await;
        assert_eq!(held.in_doubt_since, None, "{holder}");
        case.releases(&held).await;
    }
}

/// The call of the crashed holder may have gone out, whatever happened later.
pub async fn release_keeps_an_inherited_in_doubt_marker_over_takeovers(
    records: &dyn IdempotencyStore,
) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    for holder in ["two", "three", "four"] {
        let held = case.taken_by(holder, LEASE).await;
        assert_eq!(held.in_doubt_since, Some(case.start), "{holder}");
        case.releases(&held).await;
    }
}

/// So a release takes it off.
pub async fn renewed_in_doubt_marker_belongs_to_the_lease(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    let inherited = case.taken_by("two", LEASE).await;
    let renewed = case.renews(inherited, LEASE + SECOND).await;
    assert_eq!(renewed.in_doubt_since, None);
    let until = case.is_busy(case.request("three", LEASE + SECOND)).await;
    assert_eq!(until, case.start + LEASE * 2, "the lease is not");
    case.releases(&renewed).await;
    assert_eq!(case.taken_by("three", LEASE * 2).await.in_doubt_since, None);
}

/// The older call is known to be lost.
pub async fn crashed_holder_leaves_the_renewed_in_doubt_marker(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    let inherited = case.taken_by("two", LEASE).await;
    case.renews(inherited, LEASE + SECOND).await;
    let successor = case.taken_by("three", LEASE * 2).await;
    assert_eq!(successor.in_doubt_since, Some(case.start + LEASE + SECOND));
}

/// Whoever takes over, for whomever it is then.
pub async fn in_doubt_marker_names_the_recipient_of_the_call(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let first = case.taken_for(ANN, "one", Duration::ZERO).await;
    assert_eq!(first.recipient, None, "the mark is its own");
    for (holder, leases) in [("two", 1), ("three", 2)] {
        let held = case.taken_for(BEN, holder, LEASE * leases).await;
        assert_eq!(held.recipient.as_deref(), Some(ANN), "{holder}");
    }
    let held = case.taken_for(BEN, "four", LEASE * 3).await;
    case.releases(&held).await;
    let held = case.taken_for(BEN, "five", LEASE * 3).await;
    assert_eq!(held.recipient.as_deref(), Some(ANN), "an inherited mark keeps it");
}

/// It is another call's from then on.
pub async fn renewed_in_doubt_marker_names_the_new_recipient(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    case.taken_for(ANN, "one", Duration::ZERO).await;
    let held = case.taken_for(BEN, "two", LEASE).await;
    let renewed = case.renews_for(BEN, held, LEASE + SECOND).await;
    assert_eq!(renewed.recipient, None);
    let successor = case.taken_for(ANN, "three", LEASE * 2).await;
    assert_eq!(successor.recipient.as_deref(), Some(BEN));
}

/// The next call may be for somebody else.
pub async fn cleared_in_doubt_marker_names_no_recipient(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let held = case.taken_for(ANN, "one", Duration::ZERO).await;
    case.releases(&held).await;
    case.taken_for(BEN, "two", Duration::ZERO).await;
    let successor = case.taken_for(ANN, "three", LEASE).await;
    assert_eq!(successor.recipient.as_deref(), Some(BEN));
}
