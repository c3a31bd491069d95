//! The clock of the local stack, on which waits can be shortened.

use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::clock::Clock;
use time::OffsetDateTime;
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep},
};

/// A wall clock that runs `speed` times as fast while all functions are idle, and like any other
/// while one is at work: so waits are shorter, and leases, timeouts and budgets keep their meaning.
pub(crate) struct StackClock {
    speed: u32,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

struct State {
    /// What the clock showed at `since`.
    shown: OffsetDateTime,
    since: Instant,
    /// How many functions are at work.
    at_work: usize,
}

impl StackClock {
    /// A clock that shows the current time.
    pub(crate) fn new(speed: u32) -> Self {
        let (shown, since) = (OffsetDateTime::now_utc(), Instant::now());
        let state = Mutex::new(State { shown, since, at_work: 0 });
        Self { speed, state, changed: watch::Sender::default() }
    }

    /// How many times faster it runs while all functions are idle.
    pub(crate) fn speed(&self) -> u32 {
        self.speed
    }

    /// A function is at work until the guard is dropped.
    pub(crate) fn at_work(&self) -> AtWork<'_> {
        self.change(|state| state.at_work += 1);
        AtWork(self)
    }

    /// Waits until the clock shows this time.
    pub(crate) async fn until(&self, time: OffsetDateTime) {
        loop {
            let mut changed = self.changed.subscribe();
            let left = {
                let state = self.state();
                (time - state.now(self.speed)) / state.rate(self.speed)
            };
            if !left.is_positive() {
                return;
            }
            select! {
                () = sleep(left.unsigned_abs()) => (),
                _ = changed.changed() => (),
            }
        }
    }

    /// Skips to this time, once all functions are idle: a lease must not run out before its time.
    pub(crate) async fn skip_to(&self, time: OffsetDateTime) {
        let mut changed = self.changed.subscribe();
        while !self.skips_to(time) {
            // The sender lives as long as the clock.
            let _ = changed.changed().await;
        }
    }

    fn skips_to(&self, time: OffsetDateTime) -> bool {
        if self.state().at_work > 0 {
            return false;
        }
        self.change(|state| state.shown = state.shown.max(time));
        true
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        state.shown = state.now(self.speed);
        state.since = Instant::now();
        change(&mut state);
        drop(state);
        self.changed.send_replace(());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn rate(&self, speed: u32) -> u32 {
        if self.at_work == 0 { speed } else { 1 }
    }

    fn now(&self, speed: u32) -> OffsetDateTime {
        self.shown + self.since.elapsed() * self.rate(speed)
    }
}

impl Clock for StackClock {
    fn now(&self) -> OffsetDateTime {
        self.state().now(self.speed)
    }
}

/// While it lives, a function is at work.
pub(crate) struct AtWork<'a>(&'a StackClock);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.at_work = state.at_work.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn idle_time_passes_faster_and_working_time_does_not() {
        let clock = StackClock::new(60);
        let start = clock.now();
        advance(SECOND).await;
        assert_eq!(clock.now(), start + MINUTE);
        let one = clock.at_work();
        let another = clock.at_work();
        advance(SECOND).await;
        drop(one);
        advance(SECOND).await;
        assert_eq!(clock.now(), start + MINUTE + 2 * SECOND);
        drop(another);
        advance(SECOND).await;
        assert_eq!(clock.now(), start + 2 * MINUTE + 2 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn wait_ends_when_the_clock_shows_the_time() {
        let clock = StackClock::new(60);
        let (began, start) = (Instant::now(), clock.now());
        clock.until(start + 10 * MINUTE).await;
        assert!((10 * SECOND..11 * SECOND).contains(&began.elapsed()), "{:?}", began.elapsed());
        clock.skip_to(start + 60 * MINUTE).await;
        clock.until(start + 60 * MINUTE).await;
        assert!(began.elapsed() < 11 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn skip_waits_until_the_functions_are_idle() {
        let clock = StackClock::new(1);
        let (began, start) = (Instant::now(), clock.now());
        let work = async {
            let _at_work = clock.at_work();
            sleep(3 * SECOND).await;
        };
        let skip = async {
            sleep(SECOND).await;
            clock.skip_to(start + 60 * MINUTE).await;
            began.elapsed()
        };
        let ((), skipped) = tokio::join!(work, skip);
        assert!(skipped >= 3 * SECOND, "{skipped:?}");
        assert!(clock.now() >= start + 60 * MINUTE);
    }
}
