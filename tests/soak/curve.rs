//! What a process holds of the machine, over all that it does.

use integration::Vitals;

/// How often somebody looks.
const LOOKS: u64 = 20;

/// The looks that are left out: what is kept for good is made at first.
const WARM_UP: usize = 5;

/// How much the memory may grow after that, in bytes. A leak of 100 bytes each time would be
/// 1.5 MB after 20,000 times.
const GROWTH: u64 = 1 << 20;

/// How many descriptors may be added: a connection that was closed and is made anew.
const MORE_DESCRIPTORS: usize = 2;

/// Looks at one process.
pub(crate) struct Curve {
    process: u32,
    times: u64,
    looks: Vec<(u64, Option<Vitals>)>,
}

impl Curve {
    /// A process that will do something so many times.
    pub(crate) fn of(process: u32, times: u64) -> Self {
        Self { process, times, looks: Vec::new() }
    }

    /// It has done it once more; every so often somebody looks.
    pub(crate) fn done(&mut self, time: u64) {
        if time.is_multiple_of((self.times / LOOKS).max(1)) {
            self.looks.push((time, Vitals::of(self.process)));
        }
    }

    /// Prints it.
    pub(crate) fn print(&self, what: &str) {
        println!("\nsoak: {} {what} in one process", self.times);
        println!("  {what:>12}  {:>10}  descriptors", "memory");
        for (time, vitals) in &self.looks {
            let Some(vitals) = vitals else { continue };
            let kibibytes = vitals.resident / 1024;
            println!("  {time:>12}  {kibibytes:>6} KiB  {:>11}", vitals.descriptors);
        }
    }

    /// Compares the first look after the warm-up with all that follow.
    pub(crate) fn memory_and_descriptors_stay_as_they_are(&self) -> Result<(), String> {
        let seen: Vec<_> = self.looks.iter().filter_map(|(_, vitals)| *vitals).collect();
        let Some((first, later)) = seen.get(WARM_UP..).and_then(|seen| seen.split_first()) else {
            let is_expected = !cfg!(target_os = "linux");
            return is_expected.then_some(()).ok_or_else(|| "too few looks".to_owned());
        };
        let most = later.iter().map(|vitals| vitals.resident).max().unwrap_or_default();
        let grown = most.saturating_sub(first.resident);
        let open = later.iter().map(|vitals| vitals.descriptors).max().unwrap_or_default();
        let opened = open.saturating_sub(first.descriptors);
        if grown > GROWTH || opened > MORE_DESCRIPTORS {
            return Err(format!("it grew by {grown} bytes and {opened} descriptors"));
        }
        Ok(())
    }
}
