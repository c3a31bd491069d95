//! The limit of simultaneous requests.

use std::time::Duration;

use time::OffsetDateTime;

/// How many requests of one user may be under way, whatever their keys.
const LIMIT: usize = 10;

/// The requests under way. One that its client gave up stays until its work is done.
#[derive(Default)]
pub(super) struct Connections(Vec<OffsetDateTime>);

impl Connections {
    /// Takes a connection for so long; false if none is free.
    pub(super) fn take(&mut self, now: OffsetDateTime, lasts: Duration) -> bool {
        self.0.retain(|ends| *ends > now);
        let is_free = self.0.len() < LIMIT;
        if is_free && !lasts.is_zero() {
            self.0.push(now + lasts);
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn eleventh_request_is_refused_until_one_ends() {
        let now = datetime!(2026-01-01 12:00 UTC);
        let (second, instant) = (Duration::from_secs(1), Duration::ZERO);
        let mut connections = Connections::default();
        assert!((0..10).all(|n| connections.take(now, second * (n + 1))));
        assert!(!connections.take(now, second));
        assert!(!connections.take(now, instant));
        assert!(connections.take(now + second, second));
        assert!(!connections.take(now + second, second));
        assert!(connections.take(now + 11 * second, instant));
    }
}
