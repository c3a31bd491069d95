//! What the terminal can show.

use anstyle::AnsiColor;
pub(crate) use lint::command::terminal::width;

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
