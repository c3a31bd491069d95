//! What the terminal can show.

use std::env;

use terminal_size::{Width, terminal_size};

/// The width of output that goes to no terminal, and of the usual terminal.
pub const USUAL_WIDTH: u16 = 80;

/// The width that output must fit, in columns: that of the terminal, else `COLUMNS`, else
/// [`USUAL_WIDTH`].
pub fn width() -> u16 {
    let of_terminal = terminal_size().map(|(Width(columns), _)| columns);
    let set = || env::var("COLUMNS").ok()?.parse().ok();
    let known = of_terminal.or_else(set).filter(|columns| *columns > 0);
    known.unwrap_or(USUAL_WIDTH)
}
