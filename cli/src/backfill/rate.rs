//! How many messages a second.

use std::{fmt, str::FromStr, time::Duration};

/// Faster than SQS answers. A higher rate is a typing error.
const HIGHEST: f64 = 1_000_000.0;
/// A message in about a quarter of an hour.
const LOWEST: f64 = 0.001;

/// Messages a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate(f64);

/// A text is no rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a number of messages a second, from {LOWEST} to {HIGHEST}, like 2 or 0.5")]
pub(super) struct NoRate;

impl Rate {
    /// A whole number of messages a second.
    pub(super) fn per_second(messages: u32) -> Self {
        Self(messages.into())
    }

    /// How long so many messages take.
    pub(super) fn time_of(self, messages: usize) -> Duration {
        let messages = f64::from(u32::try_from(messages).unwrap_or(u32::MAX));
        Duration::from_secs_f64(messages / self.0)
    }

    /// How many messages are sent in this time; at least one.
    pub(super) fn messages_in(self, time: Duration) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and far from the limits of the type"
        )]
        let messages = (self.0 * time.as_secs_f64()) as u64;
        messages.max(1)
    }
}

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        let rate = text.parse().ok().filter(|rate| (LOWEST..=HIGHEST).contains(rate));
        rate.map(Self).ok_or(NoRate)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_a_number_of_messages_a_second() {
        let table = [
            ("2", Some(500)),
            ("0.5", Some(2000)),
            ("1000000", Some(0)),
            ("0.001", Some(1_000_000)),
            ("0", None),
            ("-1", None),
            ("1000001", None),
            ("inf", None),
            ("NaN", None),
            ("fast", None),
            ("", None),
        ];
        for (text, expected) in table {
            let rate = text.parse::<Rate>().ok();
            let each = rate.map(|rate| rate.time_of(1).as_millis());
            assert_eq!(each, expected, "{text}");
        }
        assert_eq!(Rate::per_second(100).to_string(), "100");
        assert_eq!("0.60".parse::<Rate>().unwrap().to_string(), "0.6");
    }

    #[test]
    fn messages_of_a_time_are_at_least_one() {
        let minute = Duration::from_mins(1);
        let table = [("2", 120), ("0.6", 36), ("0.001", 1), ("1000000", 60_000_000)];
        for (rate, expected) in table {
            assert_eq!(rate.parse::<Rate>().unwrap().messages_in(minute), expected, "{rate}");
        }
    }
}
