//! The output that pages show is what the commands print. To update the pages:
//!
//! ```sh
//! UPDATE_DOCS=1 cargo test -p ory-actions --features aws shown_output
//! ```

use std::{env, fs, path::PathBuf, process::Command};

/// The tables that the README shows, each with one row.
const SHOWN: [(&str, &str); 2] =
    [("mandrill-welcome", "registration"), ("mailchimp-inbound", "mailchimp-subscribe")];

/// Above the first row: the function, the border, the names of the columns, and a line.
const HEADING_LINES: usize = 4;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What `cargo run -- …` prints, run where people run it.
fn printed(command: &str) -> String {
    let arguments = command.strip_prefix("cargo run -- ").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_ory-actions"));
    program.args(arguments.split(' ')).current_dir(root()).env_remove("COLUMNS");
    String::from_utf8(program.output().unwrap().stdout).unwrap()
}

/// Compares the first block of output in a page, or writes it.
fn assert_shows(page: &str, output: &str) {
    const FENCE: &str = "```text\n";
    let file = root().join(page);
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(FENCE).unwrap();
    let (shown, after) = rest.split_once("```").unwrap();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}{FENCE}{output}```{after}")).unwrap();
    } else {
        let update = "run UPDATE_DOCS=1 cargo test -p ory-actions --features aws shown_output";
        assert_eq!(shown, output, "{page}: {update}");
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('│').split('┆').map(str::trim).collect()
}

/// A row begins with its result; its other lines continue cells.
fn begins_row(line: &str) -> bool {
    cells(line).last().is_some_and(|result| !result.is_empty())
}

/// The heading of each table, and the one row to show.
fn shortened(tables: &str) -> String {
    let tables = SHOWN.map(|(function, event)| {
        let mut tables = tables.split("\n\n");
        let table = tables.find(|table| table.starts_with(function)).unwrap();
        let lines: Vec<_> = table.lines().collect();
        let (heading, rest) = lines.split_at(HEADING_LINES);
        let (border, body) = rest.split_last().unwrap();
        let mut rows = body.chunk_by(|_, next| !begins_row(next));
        // A name is broken at its hyphens.
        let name =
            |row: &[&str]| row.iter().map(|line| cells(line)[0]).collect::<Vec<_>>().join("-");
        let row = rows.find(|row| name(row).trim_end_matches('-') == event);
        let row = row.unwrap_or_else(|| panic!("no row for {event} and {function}"));
        let lines = heading.iter().chain(row).chain([border]);
        lines.copied().collect::<Vec<_>>().join("\n") + "\n"
    });
    tables.concat()
}

#[test]
fn readme_shows_the_table_of_the_local_stack() {
    assert_shows("README.md", &shortened(&printed("cargo run -- up --once")));
}

#[test]
fn ory_page_shows_what_lint_says_about_the_guide() {
    let said = printed("cargo run -- lint lint/tests/corpus/documents/mailchimp.yml");
    assert_shows("docs/ory.md", &said);
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, summary) = words.rsplit_once(": ").unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("[{summary}]")), "{summary}");
}
