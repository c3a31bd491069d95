//! How much time is left for one event.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// With less than this left, a call would be cut off more often than answered, and a call cut
/// off is one whose outcome nobody knows.
const LEAST_FOR_A_CALL: Duration = Duration::from_secs(1);

/// A lease outlives the invocation by this much, so that two clocks may differ a little.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// The time one event has: until when it must be answered, and when the invocation ends at the
/// latest.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    answer_by: Instant,
    invocation_ends: OffsetDateTime,
}

impl Budget {
    /// `limit` from now on.
    pub fn new(limit: Duration, invocation_ends: OffsetDateTime) -> Self {
        Self { answer_by: Instant::now() + limit, invocation_ends }
    }

    /// The same with so much of it kept back.
    #[must_use]
    pub fn less(&self, kept: Duration) -> Self {
        Self { answer_by: self.answer_by.checked_sub(kept).unwrap_or(self.answer_by), ..*self }
    }

    /// What is left.
    pub fn left(&self) -> Duration {
        self.answer_by.saturating_duration_since(Instant::now())
    }

    /// How long one call to a vendor may take: `most`, or what is left if that is less; `None`
    /// where too little is left to begin.
    pub fn for_call(&self, most: Duration) -> Option<Duration> {
        let left = self.left();
        (left >= LEAST_FOR_A_CALL).then(|| left.min(most))
    }

    /// Until when a claim made now must hold: nobody can be at work on it any longer.
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
    async fn a_call_gets_what_is_left_and_none_is_begun_in_the_last_second() {
        let seconds = Duration::from_secs;
        let budget = Budget::new(seconds(10), datetime!(2026-01-01 00:00:25 UTC));
        assert_eq!(budget.for_call(seconds(15)), Some(seconds(10)));
        assert_eq!(budget.for_call(seconds(3)), Some(seconds(3)));
        advance(seconds(9)).await;
        assert_eq!(budget.for_call(seconds(15)), Some(seconds(1)));
        advance(Duration::from_millis(1)).await;
        assert_eq!(budget.for_call(seconds(15)), None);
        advance(seconds(5)).await;
        assert_eq!(budget.left(), Duration::ZERO);
        assert_eq!(budget.lease_until(), datetime!(2026-01-01 00:00:27 UTC));
    }
}
