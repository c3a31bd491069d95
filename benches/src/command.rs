//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use tokio::runtime::{Builder, Runtime};

use crate::{phases, rows, scale};

/// Measures the functions beside others that do the same job.
#[derive(Parser)]
#[command(name = "benchmark")]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    effort: Effort,
}

/// Rows that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Rows {
    /// Starts and first deliveries
    Start,
    /// First deliveries over TLS; the function is built anew for it
    Tls,
    /// One event after the other
    Warm,
    /// Templates
    Render,
    /// Peak memory
    Memory,
    /// The bootstrap
    Size,
}

/// How much is measured.
#[derive(Args, Clone, Debug)]
pub struct Effort {
    /// These rows only
    #[arg(long, global = true, value_delimiter = ',')]
    pub only: Vec<Rows>,
    /// Starts of each contender; the table shows medians
    #[arg(long, global = true, default_value_t = 31)]
    pub starts: usize,
    /// Invocations of each contender in a warm row
    #[arg(long, global = true, default_value_t = 2_000)]
    pub invocations: usize,
    /// Invocations before the last look at a function's memory
    #[arg(long, global = true, default_value_t = 100_000)]
    pub memory: usize,
    /// Renderings of each evaluator
    #[arg(long, global = true, default_value_t = 5_000)]
    pub renderings: usize,
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

impl Effort {
    /// Whether these rows are asked for.
    pub(crate) fn measures(&self, rows: Rows) -> bool {
        self.only.is_empty() || self.only.contains(&rows)
    }
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
