//! How much time is left for one event, and how many calls.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// With less than this left, a call would be cut off more often than answered, and a call cut off
/// is in doubt.
const LEAST_FOR_A_CALL: Duration = Duration::from_secs(1);

/// A lease outlives the invocation by this much, so that two clocks may differ a little.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// The part of an invocation's time that is reserved for what follows the calls: the record, the
/// answer.
const KEPT_BACK: Duration = Duration::from_secs(2);

/// The same part of a waiting caller's time, so it is short. If a record takes longer,
/// [`crate::telemetry::EventLog::request`] answers without it.
const KEPT_BACK_IN_LINE: Duration = Duration::from_millis(500);

/// The most calls that one delivery may make.
#[derive(Clone, Copy, Debug)]
pub struct MaxCalls(pub u32);

impl MaxCalls {
    /// Inline: the first, and two more.
    pub const INLINE: Self = Self(3);
    /// Once, if something else repeats it.
    pub const ONE: Self = Self(1);
}

/// The budget of one event: when it must be answered, when the invocation ends at the latest, and
/// how many calls a vendor may get.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    answer_by: Instant,
    invocation_ends: OffsetDateTime,
    is_inline: bool,
    /// How many calls may be made.
    pub max_calls: MaxCalls,
}

impl Budget {
    /// The budget while a caller waits: `limit` from `now` on less the reserve, or all of the
    /// invocation's time if that is less.
    pub fn inline(limit: Duration, now: OffsetDateTime, invocation_ends: OffsetDateTime) -> Self {
        let whole = Self::of_invocation(now, invocation_ends);
        Self {
            answer_by: whole
                .answer_by
                .min(Instant::now() + limit.saturating_sub(KEPT_BACK_IN_LINE)),
            is_inline: true,
            max_calls: MaxCalls::INLINE,
            ..whole
        }
    }

    /// All of the invocation's time but the reserve, for one call: the queue repeats it.
    pub fn of_invocation(now: OffsetDateTime, invocation_ends: OffsetDateTime) -> Self {
        let left: Duration = (invocation_ends - now).try_into().unwrap_or_default();
        let answer_by = Instant::now() + left.saturating_sub(KEPT_BACK);
        Self { answer_by, invocation_ends, is_inline: false, max_calls: MaxCalls::ONE }
    }

    /// The same with this much in reserve.
    #[must_use]
    pub fn less(&self, kept: Duration) -> Self {
        Self { answer_by: self.answer_by.checked_sub(kept).unwrap_or(self.answer_by), ..*self }
    }

    /// The same for one call.
    #[must_use]
    pub fn once(&self) -> Self {
        Self { max_calls: MaxCalls::ONE, ..*self }
    }

    /// Whether a caller waits for the end.
    pub fn is_inline(&self) -> bool {
        self.is_inline
    }

    /// The time that is left.
    pub fn left(&self) -> Duration {
        self.answer_by.saturating_duration_since(Instant::now())
    }

    /// How long one call to a vendor may take: `most`, or what is left if that is less; `None` if
    /// too little is left to begin.
    pub fn for_call(&self, most: Duration) -> Option<Duration> {
        let left = self.left();
        (left >= LEAST_FOR_A_CALL).then(|| left.min(most))
    }

    /// Until when a lease acquired now must last: after that, the invocation has surely ended.
    pub fn lease_until(&self) -> OffsetDateTime {
        self.invocation_ends + LEASE_MARGIN
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn call_timeout_is_the_remaining_budget_and_none_starts_in_the_last_second() {
        let seconds = Duration::from_secs;
        let (now, end) = (datetime!(2026-01-01 00:00 UTC), datetime!(2026-01-01 00:00:25 UTC));
        let budget = Budget::inline(seconds(10), now, end);
        assert_eq!(budget.for_call(seconds(15)), Some(Duration::from_millis(9_500)));
        assert_eq!(budget.for_call(seconds(3)), Some(seconds(3)));
        advance(Duration::from_millis(8_500)).await;
        assert_eq!(budget.for_call(seconds(15)), Some(seconds(1)));
        advance(Duration::from_millis(1)).await;
        assert_eq!(budget.for_call(seconds(15)), None);
        advance(seconds(5)).await;
        assert_eq!(budget.left(), Duration::ZERO);
        assert_eq!(budget.lease_until(), datetime!(2026-01-01 00:00:27 UTC));
    }

    #[tokio::test(start_paused = true)]
    async fn budget_never_exceeds_the_invocation_minus_the_reserve() {
        let now = datetime!(2026-01-01 00:00 UTC);
        let seconds = Duration::from_secs;
        let table = [(25, 9_500, 23), (8, 6_000, 6), (2, 0, 0), (0, 0, 0)];
        for (ends_in, in_line, whole) in table {
            let end = now + seconds(ends_in);
            let in_line = Duration::from_millis(in_line);
            assert_eq!(Budget::inline(seconds(10), now, end).left(), in_line);
            assert_eq!(Budget::of_invocation(now, end).left(), seconds(whole));
        }
        assert_eq!(Budget::of_invocation(now, now - seconds(5)).left(), Duration::ZERO);
    }
}
