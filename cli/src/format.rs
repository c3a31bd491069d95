//! The form in which a command prints what it found.

use clap::ValueEnum;

/// For whom it is printed.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    #[value(alias = "table")]
    Text,
    /// For programs.
    Json,
}
