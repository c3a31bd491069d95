//! What every idempotency store must do. `idempotency_suite!` makes a test of each of these cases.
//!
//! Some of them are faults that others have had in the field, see Powertools for AWS Lambda:
//! milliseconds taken for seconds (Java #1281), no time left taken for no limit (Python #4759),
//! a time compared with its own fraction of a second (TypeScript).

mod case;
mod completions;
mod in_doubt;
mod lanes;
mod leases;
mod marks;
mod settled;

pub use completions::*;
pub use in_doubt::*;
pub use lanes::*;
pub use leases::*;
pub use marks::*;
pub use settled::*;

/// Makes a test of each case. `$start` is an async function that gives a store, and whatever must
/// live as long as it.
#[macro_export]
macro_rules! idempotency_suite {
    ($start:expr) => {
        $crate::idempotency_suite!(
            $start;
            lease_excludes_others_until_the_millisecond_it_ends,
            one_of_fifty_concurrent_acquires_wins,
            records_of_two_events_are_independent,
            crashed_holder_leaves_the_event_in_doubt_since_the_first_acquire,
            lost_lease_cannot_change_the_record,
            expired_lease_is_valid_until_a_takeover,
            release_ends_the_lease_and_clears_its_own_in_doubt_marker,
            release_keeps_an_inherited_in_doubt_marker_over_takeovers,
            renewed_in_doubt_marker_belongs_to_the_lease,
            crashed_holder_leaves_the_renewed_in_doubt_marker,
            in_doubt_marker_names_the_recipient_of_the_call,
            renewed_in_doubt_marker_names_the_new_recipient,
            cleared_in_doubt_marker_names_no_recipient,
            completed_record_lasts_exactly_its_lifetime,
            open_record_expires_after_its_lifetime,
            record_without_an_expiry_stays,
            complete_is_idempotent,
            completed_record_is_neither_released_nor_renewed,
            work_in_doubt_is_settled_by_somebody_else,
            settled_work_leaves_no_in_doubt_marker,
            work_that_is_not_in_doubt_is_not_settled,
            lane_is_not_settled,
            holder_at_work_completes_after_its_work_was_settled,
            settled_work_is_neither_released_nor_renewed,
            settling_one_piece_of_work_leaves_others_in_doubt,
            lease_ending_within_the_second_is_valid_until_then,
            lease_of_zero_length_ends_at_once,
            lane_excludes_others_until_the_millisecond_its_lease_ends,
            one_of_fifty_concurrent_lane_entries_succeeds,
            lane_is_free_after_leave,
            lane_state_is_read_back_unchanged,
            leaving_a_lane_without_changes_keeps_its_state,
            takeover_of_a_lane_reads_the_last_applied_state,
            lost_lane_lease_cannot_write_the_state,
            expired_lane_lease_can_write_until_a_takeover,
            leaving_a_lane_is_idempotent,
            lanes_are_independent,
            lane_state_does_not_expire,
            mark_is_there_until_the_second_it_ends,
            mark_written_again_ends_at_the_new_time,
            marks_of_two_people_are_independent,
            deleted_record_is_as_if_it_had_never_been,
            deleted_lane_is_empty_and_its_former_holder_has_lost_it,
            expired_work_is_free_and_no_longer_in_doubt,
            lost_or_completed_work_does_not_expire,
        );
    };
    ($start:expr; $($case:ident,)+) => { $(
        #[tokio::test]
        async fn $case() {
            let (records, _kept) = $start().await;
            $crate::idempotency_suite::$case(&records).await;
        }
    )+ };
}
