//! The command line.

use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::{effort::Effort, phases, rows, scale};

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
        match self.command {
            None => print!("{}", several_threads().block_on(rows::measure(&self.effort))),
            Some(Command::Phases) => {
                print!("{}", several_threads().block_on(phases::measure(self.effort.starts)));
            }
            Some(Command::Scale) => print!("{}", scale::page()),
            Some(Command::StartOnce) => phases::start_once(),
        }
    }
}

fn several_threads() -> Runtime {
    Builder::new_multi_thread().enable_all().build().expect("a runtime starts")
}
