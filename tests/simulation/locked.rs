//! A value that a run changes here and there. A run has one thread, so nobody ever waits; the
//! lock is there because the ports must be `Sync`.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value.
#[derive(Default)]
pub(crate) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
