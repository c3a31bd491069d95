//! Where every command prints: data to standard output, notes to standard error. Colors are removed
//! where the stream does not show them: it is no terminal, or `NO_COLOR` is set
//! (<https://no-color.org>). `CLICOLOR_FORCE` keeps them.
//!
//! `println!` panics if its reader is gone, so the lints of this crate forbid it.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
};

use textwrap::{Options, WordSplitter};

use crate::terminal;

/// Standard output takes no more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The reader has seen enough, for example `head`.
    #[error("the reader of standard output closed it")]
    Closed,
    /// For example, the disk is full.
    #[error("cannot write to standard output")]
    Unwritable(#[source] io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Unwritable(error),
        }
    }
}

/// Prints data and a line break.
pub(crate) fn line(data: impl Display) -> Result<(), OutputError> {
    text(format_args!("{data}\n"))
}

/// Prints data as it is.
pub(crate) fn text(data: impl Display) -> Result<(), OutputError> {
    let mut stdout = anstream::stdout();
    write!(stdout, "{data}")?;
    Ok(stdout.flush()?)
}

/// Prints a line that is not data: progress, a hint or a warning. A failure is ignored, because
/// there is nowhere left to report it.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// A labeled text in lines that fit the terminal. A longer word stays whole, so that it can be
/// copied.
pub(crate) fn wrapped(label: &str, text: &str) -> String {
    let indent = " ".repeat(label.len());
    let options = Options::new(terminal::width().into());
    let options = options.break_words(false).word_splitter(WordSplitter::NoHyphenation);
    textwrap::fill(text, options.initial_indent(label).subsequent_indent(&indent))
}
