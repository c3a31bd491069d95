//! The wall clock as a port, so that leases, cache ages and timestamps can be tested.
//!
//! Waiting is tokio's own `sleep` and `timeout`, which a test can pause.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::time::Instant;

/// Tells the wall-clock time, in UTC.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> OffsetDateTime;
}

/// A clock that everybody can hold.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A wall clock that moves with tokio's clock: where a test pauses and advances tokio's time,
/// this one follows.
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
