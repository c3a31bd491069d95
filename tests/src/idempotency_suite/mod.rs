//! What every store of records must do, whatever it stores them in. `idempotency_suite!` makes a test
//! of each of these cases.
//!
//! Some of them are faults that others have had in the field, see Powertools for AWS Lambda:
//! milliseconds taken for seconds (Java #1281), no time left taken for no limit (Python #4759),
//! a time compared with its own fraction of a second (TypeScript).

mod case;
mod completions;
mod in_doubt;
mod lanes;
mod leases;

pub use completions::*;
pub use in_doubt::*;
pub use lanes::*;
pub use leases::*;

/// Makes a test of each case. `$start` is an async function that gives a store, and whatever must
/// live as long as it.
#[macro_export]
macro_rules! idempotency_suite {
    ($start:expr) => {
        $crate::idempotency_suite!(
            $start;
            a_claim_keeps_others_out_until_the_very_millisecond_in_which_its_lease_ends,
            of_fifty_who_claim_at_once_exactly_one_wins,
            records_of_two_events_do_not_meet,
            a_dead_holder_leaves_the_event_unsure_since_the_first_claim,
            a_holder_who_lost_its_claim_changes_nothing_any_more,
            a_holder_whose_lease_is_over_still_holds_until_somebody_takes_over,
            a_release_ends_the_lease_at_once_and_takes_its_own_mark_off,
            a_release_leaves_an_inherited_mark_over_several_take_overs,
            a_renewed_mark_is_the_claim_s_own,
            a_renewed_mark_is_what_a_dead_holder_leaves,
            a_mark_tells_whom_the_call_was_for_that_may_have_gone_out,
            a_renewed_mark_tells_whom_the_new_call_is_for,
            a_mark_that_was_taken_off_tells_nobody_any_more,
            done_stays_done_until_the_record_s_life_ends_and_not_a_second_longer,
            a_record_s_life_ends_while_somebody_is_at_work_too,
            a_record_without_an_end_stays,
            completing_twice_is_as_good_as_once,
            what_is_done_is_neither_released_nor_renewed,
            a_lease_that_ends_within_the_same_second_is_live_until_then,
            a_lease_of_no_length_is_over_at_once,
            a_lane_keeps_others_out_until_the_very_millisecond_in_which_its_lease_ends,
            of_fifty_who_enter_a_lane_at_once_exactly_one_is_let_in,
            a_lane_is_free_as_soon_as_it_is_left,
            what_was_written_comes_back_as_it_was_written,
            who_leaves_a_lane_with_nothing_applied_keeps_what_was_written_before,
            who_takes_over_a_lane_finds_what_was_applied_last,
            who_lost_a_lane_changes_nothing_in_it_any_more,
            who_outlived_the_lease_may_still_write_until_somebody_takes_over,
            leaving_a_lane_twice_is_as_good_as_once,
            lanes_do_not_meet,
            a_lane_is_remembered_for_good,
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
