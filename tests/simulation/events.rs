//! The events of a run, in the order in which they come into being: some are planned, others follow
//! from what people do while the run lasts.

use std::{
    ops::Index,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::event::Planned;

/// So many events may come while a run lasts. People do far less, but a mail that is rejected because of
/// the sender is tried again for days, and each try is told.
const MOST: usize = 1000;

/// The events, by their numbers. One that is there stays, as it is.
pub(crate) struct Events {
    slots: Vec<OnceLock<Planned>>,
    count: AtomicUsize,
}

impl Events {
    /// These, and those that come of them.
    pub(crate) fn of(planned: Vec<Planned>) -> Self {
        let count = AtomicUsize::new(planned.len());
        let to_come = std::iter::repeat_with(OnceLock::new).take(MOST);
        Self { slots: planned.into_iter().map(OnceLock::from).chain(to_come).collect(), count }
    }

    /// None yet.
    pub(crate) fn to_come() -> Self {
        let slots = std::iter::repeat_with(OnceLock::new).take(MOST).collect();
        Self { slots, count: AtomicUsize::new(0) }
    }

    /// Another one: its number.
    pub(crate) fn add(&self, event: Planned) -> usize {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let slot = self.slots.get(number).expect("people who do less");
        assert!(slot.set(event).is_ok(), "a run has one thread");
        number
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Planned> {
        self.slots.iter().map_while(OnceLock::get)
    }
}

impl Index<usize> for Events {
    type Output = Planned;

    fn index(&self, number: usize) -> &Planned {
        self.slots[number].get().expect("an event of this number")
    }
}
