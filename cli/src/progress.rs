//! Shows on a terminal how far long work is.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

/// Goes back to the start of the line, and clears it.
const CLEAR: &str = "\r\x1b[K";

/// A line of standard error that says how far the work is, until the work is done. Where that is no
/// terminal, it says nothing.
pub(crate) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal() }
    }

    /// A failure is ignored, because there is nowhere left to report it.
    pub(crate) fn say(&self, text: impl Display) {
        if self.is_shown {
            let _ = write!(io::stderr(), "{CLEAR}{text}");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}
