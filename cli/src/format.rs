//! The form in which a command prints what it found.

use clap::ValueEnum;

/// Who reads it.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    #[value(alias = "table")]
    Text,
    /// For programs.
    Json,
}
