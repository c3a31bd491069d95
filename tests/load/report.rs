//! The report, as a table.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use integration::sign_up::address;
use uuid::Uuid;

use crate::{
    answers::{Answers, Times},
    drain::Drained,
    faults::Faults,
    memory::Memory,
};

/// All that was seen.
pub(crate) struct Run {
    pub(crate) lasting: Duration,
    pub(crate) callers: usize,
    pub(crate) unloaded: Answers,
    pub(crate) loaded: Answers,
    pub(crate) memory: Memory,
    pub(crate) drained: Drained,
    /// What came of the deliveries.
    pub(crate) deliveries: BTreeMap<String, usize>,
    /// Whose events were accepted.
    pub(crate) accepted: HashSet<Uuid>,
    /// How many mails went to each address.
    pub(crate) mails: HashMap<String, usize>,
    pub(crate) faults: Faults,
}

impl Run {
    /// How many events were accepted that came to nothing: no mail, no rejection, no dead letter.
    pub(crate) fn lost(&self) -> usize {
        let addresses = self.accepted.iter().map(|person| address(*person));
        let open = addresses.filter(|address| {
            !self.mails.contains_key(address) && !self.faults.bounced.contains(address)
        });
        open.count().saturating_sub(self.drained.dead)
    }

    /// How many people got more than one mail.
    pub(crate) fn mailed_twice(&self) -> usize {
        self.mails.values().filter(|mails| **mails > 1).count()
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        let (seconds, all) = (self.lasting.as_secs(), self.loaded.all().count());
        println!("\nload: {seconds} s, {} callers and as many workers", self.callers);
        println!("  {:>10}  {:>9}  {:>9}  answer", "times", "p50", "p99");
        for (name, times) in self.loaded.by_kind() {
            timed(&name, &times);
        }
        timed("202, under load", &self.loaded.accepted());
        timed("202, one caller and nothing else", &self.unloaded.accepted());
        println!("  {:>10}  calls per second", all as u64 / seconds.max(1));
        println!("  deliveries, in {} rounds after the callers had gone", self.drained.rounds);
        self.deliveries.iter().for_each(|(outcome, times)| row(*times, outcome));
        println!("  calls of Mandrill, and how they failed");
        row(self.faults.calls, "calls");
        self.faults.struck().for_each(|(times, name)| row(times, name));
        println!("  in the end");
        row(self.accepted.len(), "people whose sign-up was accepted");
        row(self.mails.values().filter(|mails| **mails > 0).count(), "got their mail");
        row(self.faults.bounced.len(), "bounce");
        row(self.drained.dead, "dead letters");
        row(self.lost(), "lost");
        row(self.mailed_twice(), "got more than one mail");
        self.print_memory();
    }

    fn print_memory(&self) {
        println!("  memory of the largest process, and descriptors, over the time");
        for tenths in [1, 3, 5, 7, 10] {
            let (largest, open) = (self.memory.largest(tenths), self.memory.descriptors(tenths));
            let Some((largest, open)) = largest.zip(open) else { continue };
            println!("  {:>9}%  {:>5} KiB  {open:>3}", tenths * 10, largest / 1024);
        }
    }
}

fn timed(name: &str, times: &Times) {
    let milliseconds = |percent| times.percentile(percent).as_secs_f64() * 1e3;
    let (half, most) = (milliseconds(50), milliseconds(99));
    println!("  {:>10}  {half:>6.2} ms  {most:>6.2} ms  {name}", times.count());
}

fn row(times: usize, name: &str) {
    println!("  {times:>10}  {name}");
}
