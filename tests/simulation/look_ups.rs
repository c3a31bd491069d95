//! How often sandboxes ask Secrets Manager: unauthenticated callers must not decide it.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use time::OffsetDateTime;

use crate::{judge::Wrong, locked::Locked, world::World};

const WHILE: Duration = Duration::from_secs(30);

/// At a start, at the first use after it, and after a mismatch.
const MOST: usize = 4;

/// When each sandbox last looked the callers' secret up.
#[derive(Default)]
pub(crate) struct LookUps(Locked<BTreeMap<usize, VecDeque<OffsetDateTime>>>);

impl World {
    /// A sandbox asks for the callers' secret.
    pub(crate) fn looks_up(&self, sandbox: usize) {
        let now = self.now();
        let mut all = self.look_ups.0.lock();
        let times = all.entry(sandbox).or_default();
        times.push_back(now);
        while times.front().is_some_and(|first| now - *first >= WHILE) {
            times.pop_front();
        }
        if times.len() > MOST {
            let context = format_args!("by sandbox {sandbox}, {} times", times.len());
            self.condemn(Wrong::LookedUp, context);
            times.clear();
        }
    }
}
