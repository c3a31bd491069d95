//! When to search for a call in doubt, and when to consider it lost.
//!
//! The vendor's index lags behind its sending by an undocumented time. So a search that finds
//! nothing proves something only when the call is long past.

use std::time::Duration;

use time::OffsetDateTime;

use crate::outcome::{Outcome, Wait};

/// An earlier search would only find that the index lags.
const FIRST_SEARCH: Duration = Duration::from_mins(2);

/// The longest wait between two searches for a recent call.
const MAX_BACKOFF: Duration = Duration::from_mins(15);

/// For an older call the wait is this fraction of its age. Mandrill answers 20 searches a minute
/// (vendors.md 1.8), so of many calls in doubt it rejects most searches; with waits that never grew
/// these would use up their attempts.
const PARTS_OF_AGE: u32 = 8;

/// What no search has found by now was never sent.
pub(crate) const RESEND_AFTER: Duration = Duration::from_mins(30);

/// How far two clocks may be apart: that of a function, and that of SQS, by which an operator's word is
/// dated to the second. Both are of AWS, which keeps them in step.
const CLOCKS_DIFFER: Duration = Duration::from_mins(1);

/// Whether a call in doubt since `since` is one of those that an operator knows about, which were made
/// before `not_sent_before`. One that is about as old may be a later one.
pub(super) fn is_covered(since: OffsetDateTime, not_sent_before: OffsetDateTime) -> bool {
    not_sent_before - since >= CLOCKS_DIFFER
}

/// How long ago a call may have gone out.
#[derive(Clone, Copy, Debug)]
pub(super) struct InDoubtFor(Duration);

impl InDoubtFor {
    /// The age of a call that went out at `since`. A clock that was set back makes it younger,
    /// which only costs time.
    pub(super) fn since(since: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self((now - since).try_into().unwrap_or_default())
    }

    /// The age of a call that was just made.
    pub(super) fn fresh() -> Self {
        Self(Duration::ZERO)
    }

    /// Whether a search can find anything yet.
    pub(super) fn can_be_searched(self) -> bool {
        self.0 >= FIRST_SEARCH
    }

    /// Whether a search that finds nothing proves that nothing was sent.
    pub(super) fn is_settled_by_silence(self) -> bool {
        self.0 >= RESEND_AFTER
    }

    /// Still in doubt, and how long to wait before the next search.
    pub(super) fn outcome(self, cause: impl Into<String>) -> Outcome {
        Outcome::InDoubt { wait: Wait::Until(self.wait()), cause: cause.into() }
    }

    /// Still in doubt, as the search failed with this outcome. If the vendor asked for a longer
    /// wait, it is kept: another search before that would fail, too.
    pub(super) fn search_failed(self, failure: &Outcome) -> Outcome {
        let asked = match failure {
            Outcome::TryLater { wait: Wait::AtLeast(asked), .. } => *asked,
            _ => Duration::ZERO,
        };
        let cause = failure.cause().unwrap_or_default();
        Outcome::InDoubt {
            wait: Wait::Until(self.wait().max(asked)),
            cause: format!("an earlier call may have gone out, and the search failed: {cause}"),
        }
    }

    /// As long as it has been in doubt, so that the waits grow; then slower.
    fn wait(self) -> Duration {
        if self.can_be_searched() {
            self.0.min(MAX_BACKOFF).max(self.0 / PARTS_OF_AGE)
        } else {
            FIRST_SEARCH.saturating_sub(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cmp::Reverse, collections::BinaryHeap};

    use time::macros::datetime;

    use super::*;
    use crate::deliver::backoff;

    #[test]
    fn in_doubt_search_starts_after_two_minutes_and_is_conclusive_after_thirty() {
        let called = datetime!(2026-01-01 00:00 UTC);
        let mut now = called;
        let mut looked = Vec::new();
        loop {
            let doubt = InDoubtFor::since(called, now);
            if doubt.can_be_searched() {
                looked.push((now - called).whole_minutes());
            }
            if doubt.can_be_searched() && doubt.is_settled_by_silence() {
                break;
            }
            let Outcome::InDoubt { wait: Wait::Until(wait), .. } = doubt.outcome("x") else {
                panic!("an unknown outcome knows its wait")
            };
            now += wait;
        }
        assert_eq!(looked, [2, 4, 8, 16, 31]);
    }

    #[test]
    fn clock_moving_back_only_delays_the_in_doubt_search() {
        let called = datetime!(2026-01-01 00:00 UTC);
        let doubt = InDoubtFor::since(called, called - Duration::from_mins(5));
        assert!(!doubt.can_be_searched() && !doubt.is_settled_by_silence());
        assert!(matches!(
            doubt.outcome("x"),
            Outcome::InDoubt { wait: Wait::Until(FIRST_SEARCH), .. }
        ));
    }

    /// `maxReceiveCount` and `MessageRetentionPeriod` of `template.yaml`.
    const RECEIVES: u32 = 100;
    const KEPT: Duration = Duration::from_hours(7 * 24);

    /// Mandrill answers this many searches in each minute, and rejects all others.
    const SEARCHES_A_MINUTE: u32 = 20;

    /// Simulates this many calls that are in doubt from the same moment, each searched for until a
    /// search at thirty minutes or later. Mandrill finds none of them, and asks rejected callers
    /// for this wait. Returns the most attempts that one of them took, and the time until the last
    /// was settled.
    fn settle(doubts: u32, asked: Option<Duration>) -> (u32, Duration) {
        let mut random = fastrand::Rng::with_seed(7);
        let called = datetime!(2026-01-01 00:00 UTC);
        let mut queue: BinaryHeap<_> =
            (0..doubts).map(|_| Reverse((Duration::ZERO, 0_u32))).collect();
        let (mut minute, mut answered, mut most) = (0, 0, 0);
        let mut now = Duration::ZERO;
        while let Some(Reverse((at, receives))) = queue.pop() {
            (now, most) = (at, most.max(receives + 1));
            let doubt = InDoubtFor::since(called, called + now);
            let outcome = if doubt.can_be_searched() {
                if minute != now.as_secs() / 60 {
                    (minute, answered) = (now.as_secs() / 60, 0);
                }
                answered += 1;
                let is_answered = answered <= SEARCHES_A_MINUTE;
                if is_answered && now >= Duration::from_mins(30) {
                    continue;
                } else if is_answered {
                    doubt.outcome("no trace yet")
                } else {
                    doubt.search_failed(&Outcome::TryLater {
                        wait: asked.into(),
                        cause: "429".to_owned(),
                    })
                }
            } else {
                doubt.outcome("too early")
            };
            let wait = backoff(&outcome, receives + 1, random.f64()).unwrap();
            queue.push(Reverse((now + wait, receives + 1)));
        }
        (most, now)
    }

    #[test]
    fn in_doubt_search_at_thirty_minutes_happens_before_the_receive_limit() {
        let asked = [None, Some(1), Some(60), Some(1800), Some(3600), Some(90_000)];
        let alike = asked.map(|seconds| (5_000, seconds.map(Duration::from_secs)));
        for (doubts, asked) in alike.into_iter().chain([(20_000, None)]) {
            let (receives, took) = settle(doubts, asked);
            assert!(receives < RECEIVES, "{doubts}, {asked:?}: {receives} receives");
            assert!(took < KEPT, "{doubts}, {asked:?}: {took:?}");
        }
    }

    #[test]
    fn longer_retry_after_of_the_search_overrides_the_backoff() {
        let called = datetime!(2026-01-01 00:00 UTC);
        for (age, asked, expected) in
            [(5, 1800, 1800), (31, 1800, 1800), (31, 60, 900), (5, 60, 300)]
        {
            let doubt = InDoubtFor::since(called, called + Duration::from_mins(age));
            let failure = Outcome::TryLater {
                wait: Wait::AtLeast(Duration::from_secs(asked)),
                cause: "429".to_owned(),
            };
            let Outcome::InDoubt { wait, .. } = doubt.search_failed(&failure) else {
                panic!("it stays unknown")
            };
            assert_eq!(wait, Wait::Until(Duration::from_secs(expected)), "{age} min, {asked} s");
        }
    }

    #[test]
    fn longest_in_doubt_time_is_within_the_message_retention() {
        let called = datetime!(2026-01-01 00:00 UTC);
        let mut age = Duration::ZERO;
        for receives in 1..RECEIVES {
            let doubt = InDoubtFor::since(called, called + age);
            age += backoff(&doubt.outcome("x"), receives, 1.0).unwrap();
        }
        assert!(age < KEPT, "{age:?}");
    }
}
