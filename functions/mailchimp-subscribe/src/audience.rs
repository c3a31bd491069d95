//! What the audience asks for, read once in a while.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shared::{clock::SharedClock, secrets::Ttl};
use time::OffsetDateTime;

/// Whether the audience has double opt-in, as long as that is known.
pub(crate) struct Audience {
    ttl: Duration,
    clock: SharedClock,
    read: Mutex<Option<Read>>,
}

#[derive(Clone, Copy)]
struct Read {
    double_opt_in: bool,
    at: OffsetDateTime,
}

impl Audience {
    /// Nothing is known yet; what is read is known for `ttl`.
    pub(crate) fn new(ttl: Ttl, clock: SharedClock) -> Self {
        Self { ttl: ttl.0, clock, read: Mutex::default() }
    }

    /// Whether it has double opt-in; `None` if that is not known, or no longer.
    pub(crate) fn double_opt_in(&self) -> Option<bool> {
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |read: &Read| self.clock.now() - read.at < self.ttl;
        read.filter(is_known).map(|read| read.double_opt_in)
    }

    /// Remembers what was just read.
    pub(crate) fn know(&self, double_opt_in: bool) {
        let read = Read { double_opt_in, at: self.clock.now() };
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shared::clock::VirtualClock;
    use time::macros::datetime;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn double_opt_in_is_read_again_after_its_time() {
        let clock = Arc::new(VirtualClock::starting_at(datetime!(2026-01-01 00:00 UTC)));
        let audience = Audience::new(Ttl(Duration::from_mins(5)), clock);
        assert_eq!(audience.double_opt_in(), None);
        audience.know(true);
        advance(Duration::from_secs(299)).await;
        assert_eq!(audience.double_opt_in(), Some(true));
        advance(Duration::from_secs(1)).await;
        assert_eq!(audience.double_opt_in(), None);
    }
}
