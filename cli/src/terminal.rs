//! What the terminal can show.

use std::env;

use anstyle::AnsiColor;
use terminal_size::{Width, terminal_size};

/// The width of output that goes to no terminal, and of the usual terminal.
pub(crate) const USUAL_WIDTH: u16 = 80;

/// The width that output must fit, in columns: that of the terminal, else `COLUMNS`, else
/// [`USUAL_WIDTH`].
pub(crate) fn width() -> u16 {
    let of_terminal = terminal_size().map(|(Width(columns), _)| columns);
    let set = || env::var("COLUMNS").ok()?.parse().ok();
    let known = of_terminal.or_else(set).filter(|columns| *columns > 0);
    known.unwrap_or(USUAL_WIDTH)
}

/// The borders of the cells of our tables.
const BORDERS: [char; 2] = ['│', '┆'];

/// Colors the cells of a table that hold exactly one of these words. This is done when the table is
/// laid out, because its library would count the color codes as text.
pub(crate) fn color_cells(table: &str, words: &[(&str, AnsiColor)]) -> String {
    let cells = table.split_inclusive(|one| BORDERS.contains(&one) || one == '\n');
    let colored = |cell: &str| {
        let word = cell.trim_end_matches(BORDERS).trim();
        match words.iter().find(|(known, _)| *known == word) {
            Some((_, color)) => {
                let style = color.on_default().bold();
                cell.replacen(word, &format!("{style}{word}{style:#}"), 1)
            }
            None => cell.to_owned(),
        }
    };
    cells.map(colored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_hold_a_word_alone_are_colored() {
        let table = "│ FAIL ┆ FAIL: no key │\n│      ┆ ok │\n└──────┘";
        let colored = color_cells(table, &[("FAIL", AnsiColor::Red), ("ok", AnsiColor::Green)]);
        let expected = "│ \u{1b}[1m\u{1b}[31mFAIL\u{1b}[0m ┆ FAIL: no key │\n\
                        │      ┆ \u{1b}[1m\u{1b}[32mok\u{1b}[0m │\n└──────┘";
        assert_eq!(colored, expected);
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), table);
    }
}
