//! The pages of `docs/` against the code: an outdated page fails a test.

mod alarms;
mod backfill;
mod costs;
mod fuzz;
mod glossary;
mod kratos;
mod links;
mod new_function;
mod operator;
mod security;
mod troubleshooting;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A path from the root of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A page, from a heading to the next of the same level.
pub(crate) fn section(page: &str, heading: &str) -> String {
    let page = read(page);
    let level = heading.split_once(' ').unwrap().0;
    let next = format!("\n{level} ");
    let rest = page.split_once(&format!("\n{heading}\n")).map(|(_, rest)| rest);
    let rest = rest.unwrap_or_else(|| panic!("there is no {heading}"));
    rest.split_once(&next).map_or(rest, |(section, _)| section).to_owned()
}

/// The rows of all tables in a text, without their headings, cell by cell.
pub(crate) fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = text.lines().collect();
    let is_heading = |n: usize| lines.get(n + 1).is_some_and(|next| next.starts_with("|--"));
    let rows = lines
        .iter()
        .enumerate()
        .filter(|(n, line)| line.starts_with('|') && !line.starts_with("|--") && !is_heading(*n));
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(|(_, line)| cells(line)).collect()
}
