//! The calls of an event and their prices, from `docs/operations.md`, where tests compare them with
//! the calls that the functions make.

use std::fs;

use crate::workspace::path;

/// The part of the page about costs.
pub(super) struct Page(String);

impl Page {
    pub(super) fn read() -> Self {
        Self(fs::read_to_string(path("docs/operations.md")).expect("the page is there"))
    }

    /// US dollars for one unit.
    pub(super) fn price(&self, name: &str) -> f64 {
        let row = self.row("### Prices", name);
        let units = if row[1].starts_with("a million") { 1e6 } else { 1.0 };
        number(&row[2]) / units
    }

    /// What one event of a function takes.
    pub(super) fn calls(&self, name: &str, function: &str) -> f64 {
        let heading = self.row("### Calls", "");
        let column = heading.iter().position(|cell| cell == function);
        number(&self.row("### Calls", name)[column.expect("each function has a column")])
    }

    /// The cells of the first row under a heading that begins with this one.
    fn row(&self, heading: &str, name: &str) -> Vec<String> {
        let section = self.0.split_once(&format!("\n{heading}\n")).map(|(_, rest)| rest);
        let mut lines = section.expect("the page has the heading").lines();
        let row = lines.find_map(|line| {
            let cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|');
            let cells: Vec<_> = cells.map(|cell| cell.trim().to_owned()).collect();
            (cells[0] == name).then_some(cells)
        });
        row.expect("the table has the row")
    }
}

fn number(cell: &str) -> f64 {
    cell.replace(',', "").parse().expect("the cell is a number")
}
