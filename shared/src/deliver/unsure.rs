//! When to look for a call of which nobody knows what came, and when to take it for lost.
//!
//! The vendor's index lags behind its sending by a time that nobody states. So a search that
//! finds nothing proves something only when the call is long past.

use std::time::Duration;

use time::OffsetDateTime;

use crate::outcome::{Outcome, Wait};

/// A search before this would only find the index behind.
const FIRST_SEARCH: Duration = Duration::from_mins(2);

/// The longest wait between two searches.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// What no search has found by now was never sent.
const TAKEN_FOR_LOST: Duration = Duration::from_mins(30);

/// How long ago a call may have gone out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt(Duration);

impl Doubt {
    /// The doubt about a call that went out at `since`. A clock that was set back makes it
    /// younger, which only costs time.
    pub(super) fn since(since: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self((now - since).try_into().unwrap_or_default())
    }

    /// The doubt about a call that was just made.
    pub(super) fn fresh() -> Self {
        Self(Duration::ZERO)
    }

    /// Whether a search can tell anything yet.
    pub(super) fn can_be_searched(self) -> bool {
        self.0 >= FIRST_SEARCH
    }

    /// Whether a search that finds nothing proves that nothing was sent.
    pub(super) fn is_settled_by_silence(self) -> bool {
        self.0 >= TAKEN_FOR_LOST
    }

    /// Nobody knows, and how long to wait before looking again: as long as it has been unknown,
    /// so that the waits grow.
    pub(super) fn unknown(self, cause: impl Into<String>) -> Outcome {
        let wait =
            if self.can_be_searched() { self.0 } else { FIRST_SEARCH.saturating_sub(self.0) };
        Outcome::Unknown { wait: Wait::Until(wait.min(LONGEST_WAIT)), cause: cause.into() }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn searches_begin_after_two_minutes_and_silence_counts_after_thirty() {
        let called = datetime!(2026-01-01 00:00 UTC);
        let mut now = called;
        let mut looked = Vec::new();
        loop {
            let doubt = Doubt::since(called, now);
            if doubt.can_be_searched() {
                looked.push((now - called).whole_minutes());
            }
            if doubt.can_be_searched() && doubt.is_settled_by_silence() {
                break;
            }
            let Outcome::Unknown { wait: Wait::Until(wait), .. } = doubt.unknown("x") else {
                panic!("an unknown outcome knows its wait")
            };
            now += wait;
        }
        assert_eq!(looked, [2, 4, 8, 16, 31]);
    }

    #[test]
    fn a_clock_that_was_set_back_only_costs_time() {
        let called = datetime!(2026-01-01 00:00 UTC);
        let doubt = Doubt::since(called, called - Duration::from_mins(5));
        assert!(!doubt.can_be_searched() && !doubt.is_settled_by_silence());
        assert!(matches!(
            doubt.unknown("x"),
            Outcome::Unknown { wait: Wait::Until(FIRST_SEARCH), .. }
        ));
    }
}
