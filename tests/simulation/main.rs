//! Plays seeded random runs of the whole bundle over a world full of faults, in virtual time.
//! See README.md.

#![expect(clippy::expect_used, reason = "a simulation that cannot go on has failed")]

mod answers;
mod at_work;
mod audience;
mod callers;
mod chance;
mod chronicle;
mod conduct;
mod consent;
mod erasure;
mod event;
mod events;
mod excused;
mod fault;
mod judge;
mod lambda;
mod locked;
mod look_ups;
mod mail_events;
mod mailchimp;
mod mails;
mod mandrill;
mod named;
mod network;
mod ory;
mod patch;
mod people;
mod person;
mod plan;
mod queue;
mod report;
mod rows;
mod run;
mod secrets;
mod segment;
mod settings;
mod shown;
mod table;
mod world;

use std::{
    env,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::channel,
    },
    thread,
    time::Instant,
};

use fault::Fault;
use integration::{is_asked_for, variable};
use plan::Scene;
use report::Tally;

/// So many runs, unless set otherwise; in as many, every fault strikes.
const RUNS: u64 = 2000;

/// The evaluator of templates recurses.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// What the simulation is called among the tests.
const NAME: &str = "simulation";

fn main() -> ExitCode {
    if !is_asked_for(NAME) {
        return ExitCode::SUCCESS;
    }
    let undocumented = excused::undocumented();
    if !undocumented.is_empty() {
        println!("docs/delivery.md does not say: {}", undocumented.join("; "));
        return ExitCode::FAILURE;
    }
    run::watch_panics();
    let began = Instant::now();
    let seed = variable("SIMULATION_SEED");
    let tally = if let Some(seed) = seed {
        on_threads(seed, seed + 1, 1, true)
    } else {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let from = variable("SIMULATION_FROM").unwrap_or_default();
        let runs = variable("SIMULATION_RUNS").unwrap_or(RUNS);
        on_threads(from, from + runs, threads, false)
    };
    tally.print(began.elapsed());
    let never = tally.never_struck();
    let is_idle = seed.is_none()
        && !Fault::are_few()
        && env::var("SIMULATION_SCENE").is_err()
        && !never.is_empty();
    if is_idle {
        println!("\nnever struck, so nothing was shown of: {}", never.join("; "));
    }
    if tally.is_good() && !is_idle { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the run with this seed is about: one in three about an audience.
fn scene(seed: u64) -> Scene {
    match env::var("SIMULATION_SCENE").as_deref() {
        Ok("events") => Scene::Events,
        Ok("audience") => Scene::Audience,
        Ok(other) => panic!("SIMULATION_SCENE: {other} is neither `events` nor `audience`"),
        Err(_) if seed % 3 == 2 => Scene::Audience,
        Err(_) => Scene::Events,
    }
}

/// Plays these seeds, each thread the next one that is left.
///
/// The threads do not end: each holds prepared templates, and the evaluator does not survive it
/// that they are dropped with their thread.
fn on_threads(from: u64, to: u64, threads: usize, is_traced: bool) -> Tally {
    let next = Arc::new(AtomicU64::new(from));
    let (sender, tallies) = channel();
    for _ in 0..threads {
        let (next, sender) = (next.clone(), sender.clone());
        let work = move || {
            let mut tally = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= to {
                    break;
                }
                tally.add(run::play(scene(seed), seed, is_traced));
            }
            sender.send(tally).expect("somebody who sums up");
            // Held, it would let the sum wait for ever for a thread that panicked.
            drop(sender);
            loop {
                thread::park();
            }
        };
        thread::Builder::new().stack_size(STACK_BYTES).spawn(work).expect("a thread");
    }
    drop(sender);
    let mut all = Tally::default();
    for _ in 0..threads {
        all.add(tallies.recv().expect("threads that do not panic"));
    }
    all
}
