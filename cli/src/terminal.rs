//! What the terminal can show.

use std::{env, io::IsTerminal};

/// Whether output to this stream has colors: only on a terminal, and not if `NO_COLOR` is set
/// (<https://no-color.org>).
pub(crate) fn has_colors(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}
