//! The wall clock as a port, so that leases, cache ages and timestamps can be tested.
//!
//! Waiting uses tokio's own `sleep` and `timeout`, which a test can pause.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::time::Instant;

/// Returns the wall-clock time, in UTC.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> OffsetDateTime;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A wall clock that moves with tokio's clock: when a test pauses and advances tokio's time, this
/// one follows.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    start: OffsetDateTime,
    since: Instant,
}

impl VirtualClock {
    /// A clock that shows `start` now.
    pub fn starting_at(start: OffsetDateTime) -> Self {
        Self { start, since: Instant::now() }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> OffsetDateTime {
        self.start + self.since.elapsed()
    }
}

/// A wall clock that is set by hand, forwards and back.
#[cfg(test)]
pub(crate) struct ClockByHand(std::sync::Mutex<OffsetDateTime>);

#[cfg(test)]
impl ClockByHand {
    pub(crate) fn at(time: OffsetDateTime) -> Arc<Self> {
        Arc::new(Self(std::sync::Mutex::new(time)))
    }

    /// Moves it by this much, back if negative.
    pub(crate) fn leap(&self, by: time::Duration) {
        *self.0.lock().unwrap() += by;
    }
}

#[cfg(test)]
impl Clock for ClockByHand {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}
