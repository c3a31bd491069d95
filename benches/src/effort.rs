//! What is measured, and how often.

use clap::{Args, ValueEnum};

/// Rows that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Rows {
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

/// How often everything is measured.
#[derive(Args, Clone, Debug)]
pub(crate) struct Effort {
    /// These rows only
    #[arg(long, global = true, value_delimiter = ',')]
    pub(crate) only: Vec<Rows>,
    /// Starts of each contender; the table shows medians
    #[arg(long, global = true, default_value_t = 31)]
    pub(crate) starts: usize,
    /// Invocations of each contender in a warm row
    #[arg(long, global = true, default_value_t = 2_000)]
    pub(crate) invocations: usize,
    /// Invocations before the last look at a function's memory
    #[arg(long, global = true, default_value_t = 100_000)]
    pub(crate) memory: usize,
    /// Renderings of each evaluator
    #[arg(long, global = true, default_value_t = 5_000)]
    pub(crate) renderings: usize,
}

impl Effort {
    /// Whether these rows are requested.
    pub(crate) fn measures(&self, rows: Rows) -> bool {
        self.only.is_empty() || self.only.contains(&rows)
    }
}
