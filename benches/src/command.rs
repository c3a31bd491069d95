//! The command line.

use std::process::exit;

use clap::{Parser, Subcommand};
use tokio::{
    runtime::{Builder, Runtime},
    signal::ctrl_c,
};

use crate::{effort::Effort, phases, rows, scale};

/// The exit code of a shell for a command that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Measures the functions beside others that do the same job.
#[derive(Parser)]
#[command(name = "benchmark")]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    effort: Effort,
}

#[derive(Subcommand)]
enum Command {
    /// What takes how long from exec to the first `/next`
    Phases,
    /// What 1, 100 and 10,000 sign-ups a second need, and what fills up first
    Scale,
    /// One start, told phase by phase: what `phases` runs many times
    #[command(hide = true)]
    StartOnce,
}

impl Cli {
    /// Does what it says.
    pub fn run(self) {
        let effort = self.effort.settled();
        match self.command {
            None => print_unless_interrupted(rows::measure(&effort)),
            Some(Command::Phases) => print_unless_interrupted(phases::measure(effort.starts)),
            Some(Command::Scale) => print!("{}", scale::page()),
            Some(Command::StartOnce) => phases::start_once(),
        }
    }
}

/// Prints what was measured. Ctrl-C ends it in order: what is dropped removes its processes and
/// control groups.
fn print_unless_interrupted(measured: impl Future<Output = String>) {
    let page = several_threads().block_on(async {
        tokio::select! {
            page = measured => Some(page),
            _ = ctrl_c() => None,
        }
    });
    match page {
        Some(page) => print!("{page}"),
        None => exit(INTERRUPTED),
    }
}

fn several_threads() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
}
