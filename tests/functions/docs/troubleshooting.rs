//! `docs/troubleshooting.md` quotes outcomes and causes as the functions log them.

use std::{fs, path::Path};

use super::{path, read, rows, section};

const PAGE: &str = "docs/troubleshooting.md";

/// The sources of the functions and of the local stack, in one text.
fn sources() -> String {
    ["functions", "shared/src", "cli/src"].into_iter().map(|folder| below(&path(folder))).collect()
}

fn below(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| match path.extension() {
        _ if path.is_dir() => below(&path),
        Some(kind) if kind == "rs" => fs::read_to_string(&path).unwrap(),
        _ => String::new(),
    });
    texts.collect()
}

fn in_backticks(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Without the example of a status or of a time that the code fills in.
fn without_number(cause: &str) -> &str {
    cause.trim_end_matches([' ', 's']).trim_end_matches(|one: char| one.is_ascii_digit())
}

#[test]
fn outcomes_are_those_of_the_glossary() {
    let glossary = read("docs/glossary.md");
    let sections = ["## No mail came", "## Consent does not change", "## Nobody is subscribed"];
    let rows = sections.into_iter().flat_map(|heading| rows(&section(PAGE, heading)));
    let outcomes: Vec<_> = rows.map(|row| row[0].clone()).collect();
    assert!(outcomes.len() > 15, "{outcomes:?}");
    for outcome in outcomes.iter().flat_map(|cell| in_backticks(cell)) {
        assert!(glossary.contains(&format!("| `{outcome}` |")), "{outcome}");
    }
}

#[test]
fn quoted_causes_are_those_of_the_code() {
    let sources = sources();
    let rows = rows(&read(PAGE));
    let quoted: Vec<_> = rows
        .iter()
        .flat_map(|row| row.iter().take(2))
        .flat_map(|cell| in_backticks(cell))
        .filter(|cause| cause.contains(' ') && !cause.starts_with("cargo "))
        .map(without_number)
        .collect();
    assert!(quoted.len() >= 9, "{quoted:?}");
    for cause in quoted {
        assert!(sources.contains(cause), "{cause:?} is written nowhere");
    }
}
