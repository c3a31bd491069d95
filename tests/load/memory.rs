//! The memory of the functions' processes, over the time that they are under load.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use integration::Vitals;
use tokio::{task::JoinHandle, time::sleep};

/// How often somebody looks.
const EVERY: Duration = Duration::from_millis(200);

/// Processes that are being watched.
pub(crate) struct Watched {
    stop: Arc<AtomicBool>,
    looks: JoinHandle<Vec<Vec<Option<Vitals>>>>,
}

/// Watches these processes from now on.
pub(crate) fn watch(processes: Vec<u32>) -> Watched {
    let stop = Arc::<AtomicBool>::default();
    let stopped = stop.clone();
    let looks = tokio::spawn(async move {
        let mut looks = Vec::new();
        while !stopped.load(Ordering::Relaxed) {
            looks.push(processes.iter().map(|process| Vitals::of(*process)).collect());
            sleep(EVERY).await;
        }
        looks
    });
    Watched { stop, looks }
}

impl Watched {
    /// Ends it; what was seen.
    pub(crate) async fn end(self) -> Memory {
        self.stop.store(true, Ordering::Relaxed);
        Memory(self.looks.await.expect("looking does not panic"))
    }
}

/// What was seen, look by look, of each process; one that has ended holds nothing.
pub(crate) struct Memory(Vec<Vec<Option<Vitals>>>);

impl Memory {
    /// The largest process's memory after so many of ten parts of the time, in bytes.
    pub(crate) fn largest(&self, tenths: usize) -> Option<u64> {
        self.look(tenths)?.iter().flatten().map(|vitals| vitals.resident).max()
    }

    /// By how much a process grew at most between two such times.
    pub(crate) fn growth(&self, from: usize, to: usize) -> Option<u64> {
        let pairs = self.look(from)?.iter().zip(self.look(to)?);
        let both = pairs.filter_map(|(before, after)| before.as_ref().zip(after.as_ref()));
        both.map(|(before, after)| after.resident.saturating_sub(before.resident)).max()
    }

    /// The most descriptors that a process had open at such a time.
    pub(crate) fn descriptors(&self, tenths: usize) -> Option<usize> {
        self.look(tenths)?.iter().flatten().map(|vitals| vitals.descriptors).max()
    }

    fn look(&self, tenths: usize) -> Option<&Vec<Option<Vitals>>> {
        // The last look may fall into the end of the callers, whose processes are gone by then.
        let last = self.0.len().checked_sub(2)?;
        self.0.get(last * tenths / 10)
    }
}
