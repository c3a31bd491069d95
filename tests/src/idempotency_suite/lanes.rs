//! Lanes: one holder at a time, and the state of the last applied event.

use std::time::Duration;

use futures_util::future::join_all;
use shared::idempotency::{Calls, Entry, IdempotencyStore, LaneRecord, Writer, Written};
use time::{OffsetDateTime, macros::datetime};

use super::case::{Case, LEASE, MILLISECOND, SECOND, TTL};

/// What an event of this second has written.
pub(super) fn written(second: i64) -> LaneRecord {
    let at = OffsetDateTime::from_unix_timestamp(second).expect("a time");
    let mut written = Written::default();
    let writer = Writer {
        at,
        event_id: format!("key {second}"),
        withdrew: false,
        in_doubt: false,
        calls: Calls::default(),
        patched_at: None,
    };
    written.note("/traits/consent/newsletter".to_owned(), writer);
    record(&written)
}

fn record(written: &Written) -> LaneRecord {
    LaneRecord::of(written).expect("the record is serializable")
}

/// Whatever the fraction of the second in which it was entered.
pub async fn lane_excludes_others_until_the_millisecond_its_lease_ends(
    records: &dyn IdempotencyStore,
) {
    for millisecond in [0, 1, 500, 998, 999] {
        let case = Case::at(records, millisecond);
        assert_eq!(case.entered_by("one", Duration::ZERO).await.written, LaneRecord::default());
        for after in [Duration::ZERO, MILLISECOND, SECOND, LEASE.saturating_sub(MILLISECOND)] {
            let until = case.is_occupied(case.request("two", after)).await;
            assert_eq!(until, case.start + LEASE, "{millisecond} ms, after {after:?}");
        }
        case.entered_by("two", LEASE).await;
    }
}

/// The others learn its end.
pub async fn one_of_fifty_concurrent_lane_entries_succeeds(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let bids = (0..50).map(|n| case.request(&format!("holder {n}"), Duration::ZERO));
    let mut entered = 0;
    for entry in join_all(bids.map(|bid| case.enter(bid))).await {
        match entry {
            Entry::Entered(_) => entered += 1,
            Entry::InProgress { until } => assert_eq!(until, case.start + LEASE),
        }
    }
    assert_eq!(entered, 1);
}

/// Whether anything was applied or not.
pub async fn lane_is_free_after_leave(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    for (n, last) in [None, Some(written(1)), None].into_iter().enumerate() {
        let lane = case.entered_by(&format!("holder {n}"), Duration::ZERO).await;
        case.leaves(&lane, last).await;
    }
}

/// With every target, word and flag, and to the last digit of a time.
pub async fn lane_state_is_read_back_unchanged(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let mut before = Written::default();
    let mut n = 0;
    for millisecond in [0, 1, 500, 999] {
        for withdrew in [false, true] {
            let lane = case.entered_by(&format!("holder {n}"), SECOND * n).await;
            assert_eq!(lane.written.read::<Written>().expect("a record"), before, "{n}");
            let at = datetime!(2026-01-31 11:19:37 UTC) + MILLISECOND * millisecond;
            before.note(
                format!("/target/{n}~1\"ü"),
                Writer {
                    at,
                    event_id: format!("key {n}"),
                    withdrew,
                    in_doubt: withdrew,
                    calls: Calls { before: n, own: 1 },
                    patched_at: withdrew.then_some(at),
                },
            );
            before.changed_at = Some(at);
            before.identity_updated_at = withdrew.then(|| at + Duration::from_nanos(123_456_789));
            case.leaves(&lane, Some(record(&before))).await;
            n += 1;
        }
    }
    assert_eq!(case.entered_by("the last", SECOND * n).await.written, record(&before));
}

/// An older event, a duplicate, or one that came to nothing.
pub async fn leaving_a_lane_without_changes_keeps_its_state(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    case.leaves(&lane, Some(written(1))).await;
    for n in 1..4 {
        let lane = case.entered_by(&format!("holder {n}"), SECOND * n).await;
        assert_eq!(lane.written, written(1), "{n}");
        case.leaves(&lane, None).await;
    }
}

/// The one before it died in there.
pub async fn takeover_of_a_lane_reads_the_last_applied_state(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    case.leaves(&lane, Some(written(1))).await;
    for (holder, leases) in [("two", 0), ("three", 1), ("four", 2)] {
        let lane = case.entered_by(holder, LEASE * leases).await;
        assert_eq!(lane.written, written(1), "{holder}");
    }
}

/// Somebody else is in there by then, or has been.
pub async fn lost_lane_lease_cannot_write_the_state(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let first = case.entered_by("one", Duration::ZERO).await;
    let second = case.entered_by("two", LEASE).await;
    case.has_lost_the_lane(&first, written(1)).await;
    assert_eq!(case.is_occupied(case.request("three", LEASE)).await, case.start + LEASE * 2);
    case.leaves(&second, Some(written(2))).await;
    case.has_lost_the_lane(&first, written(1)).await;
    assert_eq!(case.entered_by("three", LEASE).await.written, written(2));
}

/// What it did is done, and better known late than never.
pub async fn expired_lane_lease_can_write_until_a_takeover(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    case.leaves(&lane, Some(written(1))).await;
    assert_eq!(case.entered_by("two", LEASE * 2).await.written, written(1));
}

/// The first answer may have been lost on its way.
pub async fn leaving_a_lane_is_idempotent(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    for _ in 0..2 {
        case.leaves(&lane, Some(written(1))).await;
    }
    assert_eq!(case.entered_by("two", SECOND).await.written, written(1));
}

/// Neither who is in them, nor what was applied.
pub async fn lanes_are_independent(records: &dyn IdempotencyStore) {
    let (one, two) = (Case::new(records), Case::new(records));
    let lane = one.entered_by("one", Duration::ZERO).await;
    let other = two.entered_by("one", Duration::ZERO).await;
    one.leaves(&lane, Some(written(1))).await;
    two.is_occupied(two.request("two", SECOND)).await;
    two.leaves(&other, None).await;
    assert_eq!(two.entered_by("two", SECOND).await.written, LaneRecord::default());
}

/// An event may be sent again after months, and must still find that it is old.
pub async fn lane_state_does_not_expire(records: &dyn IdempotencyStore) {
    let case = Case::new(records);
    let lane = case.entered_by("one", Duration::ZERO).await;
    case.leaves(&lane, Some(written(1))).await;
    for n in 1..4 {
        let lane = case.entered_by(&format!("holder {n}"), TTL * 20 * n).await;
        assert_eq!(lane.written, written(1), "{n}");
        case.leaves(&lane, None).await;
    }
}
