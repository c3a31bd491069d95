//! What came of the runs, in a table.

use std::time::Duration;

use crate::{excused::Excused, fault::Fault, judge::Wrong, world::World};

/// The most failures that are shown one by one.
const MOST_SHOWN: usize = 20;

/// The most seeds that are shown of a kind of failure.
const MOST_SEEDS: usize = 4;

/// The sums over some runs.
#[derive(Clone)]
pub(crate) struct Tally {
    runs: u64,
    events: u64,
    invocations: u64,
    settled: u64,
    struck: [u64; Fault::COUNT],
    excused: [u64; Excused::COUNT],
    wrong: [u64; Wrong::COUNT],
    failed: Vec<(u64, Wrong, String)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            runs: 0,
            events: 0,
            invocations: 0,
            settled: 0,
            struck: [0; Fault::COUNT],
            excused: [0; Excused::COUNT],
            wrong: [0; Wrong::COUNT],
            failed: Vec::new(),
        }
    }
}

impl Tally {
    /// One run's.
    pub(crate) fn of(seed: u64, world: &World) -> Self {
        let mut tally = Self {
            runs: 1,
            events: world.plan.events.len() as u64,
            invocations: world.judge.invocations(),
            settled: world.settled_unsearched(),
            struck: world.chance.struck(),
            excused: world.judge.excused(),
            ..Self::default()
        };
        for (wrong, what) in world.judge.wrong() {
            tally.wrong[wrong as usize] += 1;
            tally.failed.push((seed, wrong, what));
        }
        tally
    }

    /// Adds another's.
    pub(crate) fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.events += other.events;
        self.invocations += other.invocations;
        self.settled += other.settled;
        sum(&mut self.struck, &other.struck);
        sum(&mut self.excused, &other.excused);
        sum(&mut self.wrong, &other.wrong);
        self.failed.extend(other.failed);
    }

    /// Whether nothing went wrong that must not.
    pub(crate) fn is_good(&self) -> bool {
        self.failed.is_empty()
    }

    /// The faults that never struck: over many runs, a check that cannot fail.
    pub(crate) fn never_struck(&self) -> Vec<&'static str> {
        let all = Fault::ALL.iter().zip(self.struck);
        all.filter(|(_, times)| *times == 0).map(|(fault, _)| fault.label()).collect()
    }

    /// Prints the table.
    pub(crate) fn print(&self, took: Duration) {
        let failed: std::collections::BTreeSet<_> =
            self.failed.iter().map(|(seed, ..)| seed).collect();
        println!("\nsimulation");
        row("runs", self.runs);
        row("events", self.events);
        row("invocations", self.invocations);
        row("sends in doubt that an event closed, without a search", self.settled);
        row("runs that failed", failed.len() as u64);
        println!("  must be 0");
        for (wrong, times) in Wrong::ALL.iter().zip(self.wrong) {
            row(&format!("{}: {}{}", wrong.name(), wrong.label(), self.seeds(*wrong)), times);
        }
        println!("  documented exceptions");
        Excused::ALL.iter().zip(self.excused).for_each(|(excused, times)| {
            row(&format!("{}: {}", excused.name(), excused.label()), times);
        });
        println!("  faults that struck");
        Fault::ALL
            .iter()
            .zip(self.struck)
            .for_each(|(fault, times)| row(&format!("{}: {}", fault.name(), fault.label()), times));
        let per_second = u128::from(self.runs) * 1000 / took.as_millis().max(1);
        println!("  {per_second} runs per second, {} s", took.as_secs());
        for (seed, wrong, what) in self.failed.iter().take(MOST_SHOWN) {
            println!("\nseed {seed}: {}: {what}", wrong.label());
            println!("  SIMULATION_SEED={seed} cargo test -p integration --test simulation");
        }
    }

    /// Some seeds whose runs went wrong in this way.
    fn seeds(&self, wrong: Wrong) -> String {
        let failed = self.failed.iter().filter(|(_, of, _)| *of == wrong);
        let seeds: std::collections::BTreeSet<_> = failed.map(|(seed, ..)| *seed).collect();
        let some: Vec<_> =
            seeds.into_iter().take(MOST_SEEDS).map(|seed| seed.to_string()).collect();
        if some.is_empty() { String::new() } else { format!(" (seeds {})", some.join(", ")) }
    }
}

fn row(name: &str, number: u64) {
    println!("  {number:>10}  {name}");
}

fn sum<const N: usize>(into: &mut [u64; N], from: &[u64; N]) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
}
