//! Lines of two columns, which fit the terminal.

use crate::output::wrapped;

/// As wide as the longest name of a part, and a space.
const PART_WIDTH: usize = 13;

/// A line: what it is about, and what is said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Row {
    pub(super) part: &'static str,
    pub(super) text: String,
}

impl Row {
    pub(super) fn new(part: &'static str, text: impl Into<String>) -> Self {
        Self { part, text: text.into() }
    }
}

/// All of them, in their order. A part is named in its first line.
pub(super) fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut last = "";
    let lines = rows.into_iter().map(|Row { part, text }| {
        let shown = if last == *part { "" } else { part };
        last = part;
        let label = format!("  {shown:<PART_WIDTH$} ");
        match text.split_once('\n') {
            // A command stays in one piece, so that it can be copied.
            Some((text, command)) => {
                format!("{}\n{}{command}", wrapped(&label, text), " ".repeat(label.len()))
            }
            None => wrapped(&label, text),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_is_named_once_and_a_command_is_in_one_piece() {
        let command = "aws lambda update-event-source-mapping --uuid 0 --enabled ".repeat(2);
        let rows = [
            Row::new("queue", "a"),
            Row::new("queue", format!("b:\n{command}")),
            Row::new("records", "c"),
        ];
        let indent = " ".repeat(16);
        let expected =
            format!("  queue         a\n{indent}b:\n{indent}{command}\n  records       c");
        assert_eq!(of(&rows), expected);
    }
}
