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
    /// Starts and first deliveries with Lambda's share of a processor
    Share,
    /// Starts with the binary out of the page cache
    Uncached,
    /// TLS handshakes in the first event; the function is built anew for it
    Handshakes,
    /// Processor time of an event after a pause
    Pause,
    /// Instructions of an event
    Instructions,
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
    /// Events of each contender after a pause of a second
    #[arg(long, global = true, default_value_t = 30)]
    pub(crate) pauses: usize,
    /// Starts of each contender with its binary out of the page cache
    #[arg(long, global = true, default_value_t = 15)]
    pub(crate) uncached: usize,
    /// A look of about two minutes: a few of each, however many are requested
    #[arg(long, global = true)]
    quick: bool,
}

impl Effort {
    /// What is really done: at least one of each, and with `--quick` only a few.
    pub(crate) fn settled(self) -> Self {
        let most = |few: usize| if self.quick { few } else { usize::MAX };
        Self {
            starts: self.starts.clamp(1, most(5)),
            invocations: self.invocations.clamp(1, most(200)),
            memory: self.memory.clamp(1, most(2_000)),
            renderings: self.renderings.clamp(1, most(200)),
            pauses: self.pauses.clamp(1, most(5)),
            uncached: self.uncached.clamp(1, most(5)),
            ..self
        }
    }

    /// Whether these rows are requested.
    pub(crate) fn measures(&self, rows: Rows) -> bool {
        self.only.is_empty() || self.only.contains(&rows)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        effort: Effort,
    }

    fn settled(line: &str) -> Effort {
        Line::parse_from(line.split(' ')).effort.settled()
    }

    #[test]
    fn quick_look_does_few_of_each_but_no_more_than_requested() {
        let quick = settled("benchmark --quick --starts 2");
        assert_eq!((quick.starts, quick.pauses, quick.uncached), (2, 5, 5));
        assert_eq!((quick.invocations, quick.memory, quick.renderings), (200, 2_000, 200));
    }

    #[test]
    fn median_needs_at_least_one_figure() {
        let none = settled("benchmark --starts 0 --pauses 0 --uncached 0");
        assert_eq!((none.starts, none.pauses, none.uncached), (1, 1, 1));
    }

    #[test]
    fn all_rows_are_measured_unless_some_are_requested() {
        assert!(settled("benchmark").measures(Rows::Pause));
        let some = settled("benchmark --only share,pause");
        assert!(some.measures(Rows::Pause) && !some.measures(Rows::Start));
    }
}
