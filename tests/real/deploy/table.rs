//! The mutants, and the check that caught each.

use std::{
    fmt,
    io::{Write, stderr},
    time::Duration,
};

use super::checks::Failure;

/// What became of a mutant.
pub(super) struct Row {
    pub(super) mistake: &'static str,
    pub(super) caught_by: &'static str,
    pub(super) failure: Option<Failure>,
    pub(super) took: Duration,
}

impl Row {
    /// Whether the proof fails, and for the right reason.
    pub(super) fn is_caught(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.check == self.caught_by)
    }
}

/// What was expected of a mutant, and what was found.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mistake, caught_by, failure, .. } = self;
        write!(f, "{mistake}: not caught by `{caught_by}`")?;
        failure.iter().try_for_each(|failure| write!(f, ", but by {failure}"))
    }
}

/// Prints them, whether the test passes or not.
pub(super) fn print(rows: &[Row]) {
    let mut out = stderr();
    for Row { mistake, failure, took, .. } in rows {
        let caught_by = failure.as_ref().map_or("NOT CAUGHT", |failure| failure.check);
        let _ = writeln!(out, "{mistake:<46} {caught_by:<50} {:5.1} s", took.as_secs_f64());
    }
}
