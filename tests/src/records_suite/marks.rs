//! Since when a call may have gone out.

use std::time::Duration;

use shared::records::Records;

use super::case::{Case, LEASE, SECOND};

/// Not since a later one: the first call may be the one that went out.
pub async fn a_dead_holder_leaves_the_event_unsure_since_the_first_claim(records: &dyn Records) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    for (holder, leases) in [("two", 1), ("three", 2), ("four", 5)] {
        let held = case.taken_by(holder, LEASE * leases).await;
        assert_eq!(held.unsure_since, Some(case.start), "{holder}");
    }
}

/// Nothing happened, so that nobody has to find out.
pub async fn a_release_ends_the_lease_at_once_and_takes_its_own_mark_off(records: &dyn Records) {
    let case = Case::new(records);
    let first = case.taken_by("one", Duration::ZERO).await;
    case.releases(&first).await;
    for holder in ["two", "three"] {
        let held = case.taken_by(holder, Duration::ZERO).await;
        assert_eq!(held.unsure_since, None, "{holder}");
        case.releases(&held).await;
    }
}

/// The dead holder's call may have gone out, whatever came of the later ones.
pub async fn a_release_leaves_an_inherited_mark_over_several_take_overs(records: &dyn Records) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    for holder in ["two", "three", "four"] {
        let held = case.taken_by(holder, LEASE).await;
        assert_eq!(held.unsure_since, Some(case.start), "{holder}");
        case.releases(&held).await;
    }
}

/// So a release takes it off.
pub async fn a_renewed_mark_is_the_claim_s_own(records: &dyn Records) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    let inherited = case.taken_by("two", LEASE).await;
    let renewed = case.renews(inherited, LEASE + SECOND).await;
    assert_eq!(renewed.unsure_since, None);
    let until = case.is_busy(case.bid("three", LEASE + SECOND)).await;
    assert_eq!(until, case.start + LEASE * 2, "the lease is not");
    case.releases(&renewed).await;
    assert_eq!(case.taken_by("three", LEASE * 2).await.unsure_since, None);
}

/// The older call is known to be lost.
pub async fn a_renewed_mark_is_what_a_dead_holder_leaves(records: &dyn Records) {
    let case = Case::new(records);
    case.taken_by("one", Duration::ZERO).await;
    let inherited = case.taken_by("two", LEASE).await;
    case.renews(inherited, LEASE + SECOND).await;
    let heir = case.taken_by("three", LEASE * 2).await;
    assert_eq!(heir.unsure_since, Some(case.start + LEASE + SECOND));
}
