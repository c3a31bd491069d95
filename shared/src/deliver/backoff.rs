//! The backoff: how long an undelivered message is delayed in the queue.

use std::time::Duration;

use super::in_doubt::RESEND_AFTER;
use crate::outcome::{Outcome, Wait};

/// The first backoff, doubled after each attempt.
const SHORTEST: Duration = Duration::from_secs(2);

/// The longest backoff of our own: with 100 attempts, a message is tried for about a day.
pub const MAX_BACKOFF: Duration = Duration::from_mins(15);

/// The longest delay that a vendor may ask for.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// A delay until a known time is extended by up to this part of it.
const SPREAD: f64 = 0.5;

/// How long to delay the message after this many attempts; `None` if it is done.
///
/// `random` is from 0 to 1, and spreads the delay, so that messages that failed together do not
/// return together. Our own backoff is drawn from its upper half; a delay until a known time is
/// only extended, since before that time there is nothing to do.
pub fn backoff(outcome: &Outcome, attempt: u32, random: f64) -> Option<Duration> {
    if outcome.is_settled() {
        return None;
    }
    let wait = match outcome {
        Outcome::TryLater { wait, .. } | Outcome::InDoubt { wait, .. } => *wait,
        _ => return Some(MAX_BACKOFF),
    };
    let growing = growing(attempt).mul_f64(0.5 + random / 2.0);
    Some(match wait {
        Wait::Growing => growing,
        Wait::AtLeast(asked) => growing.max(asked.min(MAX_RETRY_AFTER)),
        Wait::Until(known) => {
            let is_last = attempt >= LAST_ATTEMPTS && matches!(outcome, Outcome::InDoubt { .. });
            let known = if is_last { known.max(RESEND_AFTER) } else { known };
            known.min(MAX_RETRY_AFTER).mul_f64(1.0 + random * SPREAD)
        }
    })
}

/// From this many attempts on, the next search for a call in doubt is made when it can settle the
/// matter: of the message's 100 attempts, few are left.
const LAST_ATTEMPTS: u32 = 95;

fn growing(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(u32::BITS - 1);
    SHORTEST.saturating_mul(1 << doublings).min(MAX_BACKOFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::template::TemplateFault;

    fn later(wait: Wait) -> Outcome {
        Outcome::TryLater { wait, cause: "x".to_owned() }
    }

    #[test]
    fn every_outcome_has_its_backoff() {
        let seconds = Duration::from_secs;
        let unknown = Outcome::InDoubt { wait: Wait::Until(seconds(120)), cause: "x".to_owned() };
        let table = [
            (Outcome::delivered(json!({})), 1, None),
            (Outcome::Duplicate, 1, None),
            (Outcome::Rejected { reason: "spam".to_owned() }, 1, None),
            (Outcome::Skipped { reason: "cancelled" }, 1, None),
            (later(Wait::Growing), 1, Some(seconds(2))),
            (later(Wait::Growing), 2, Some(seconds(4))),
            (later(Wait::Growing), 9, Some(seconds(512))),
            (later(Wait::Growing), 10, Some(MAX_BACKOFF)),
            (later(Wait::Growing), u32::MAX, Some(MAX_BACKOFF)),
            (later(Wait::AtLeast(seconds(60))), 1, Some(seconds(60))),
            (later(Wait::AtLeast(seconds(60))), 10, Some(MAX_BACKOFF)),
            (later(Wait::AtLeast(seconds(1800))), 10, Some(seconds(1800))),
            (later(Wait::AtLeast(seconds(90_000))), 1, Some(MAX_RETRY_AFTER)),
            (later(Wait::Until(seconds(26))), 10, Some(seconds(39))),
            (later(Wait::Until(seconds(90_000))), 10, Some(MAX_RETRY_AFTER * 3 / 2)),
            (unknown.clone(), 95, Some(RESEND_AFTER.mul_f64(1.5))),
            (later(Wait::Until(seconds(26))), 95, Some(seconds(39))),
            (unknown, 10, Some(seconds(180))),
            (Outcome::in_doubt("x"), 1, Some(seconds(2))),
            (Outcome::blocked("x"), 1, Some(MAX_BACKOFF)),
            (Outcome::TemplateFault(TemplateFault::new("t", "x")), 1, Some(MAX_BACKOFF)),
        ];
        for (outcome, attempt, wait) in table {
            assert_eq!(backoff(&outcome, attempt, 1.0), wait, "{outcome:?} after {attempt}");
        }
    }

    #[test]
    fn backoff_over_a_hundred_receives_takes_about_a_day() {
        let waits = (1..100).filter_map(|n| backoff(&Outcome::try_later("x"), n, 0.5));
        let hours = waits.sum::<Duration>().as_secs() / 3600;
        assert!((16..=25).contains(&hours), "{hours}");
    }

    proptest! {
        #[test]
        fn backoff_never_ends_before_a_known_time_and_spreads_concurrent_messages(
            known in 1_u64..3600, first in 0.0..=1.0, second in 0.0..=1.0,
        ) {
            let known = Duration::from_secs(known);
            let wait = |random| backoff(&later(Wait::Until(known)), 1, random).unwrap();
            prop_assert!(wait(first) >= known && wait(first) <= known * 3 / 2);
            prop_assert_eq!(wait(first) < wait(second), first + 1e-9 < second);
        }

        #[test]
        fn backoff_jitter_is_in_the_upper_half(attempt in 1_u32.., random in 0.0..=1.0) {
            let wait = backoff(&later(Wait::Growing), attempt, random).unwrap();
            prop_assert!(wait >= growing(attempt) / 2 && wait <= growing(attempt));
        }
    }
}
