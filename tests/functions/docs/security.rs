//! `docs/security.md` names the tests that hold what it says.

use super::{path, read, rows, section};

/// The tests that a text names: `path/to/file.rs::name`, or a fuzz target, which is the one of its
/// file: `fuzz/fuzz_targets/name.rs`.
fn named(text: &str) -> Vec<(String, String)> {
    let spans = text.split('`').skip(1).step_by(2);
    let tests = spans.filter_map(|span| match span.split_once(".rs::") {
        Some((file, name)) => Some((format!("{file}.rs"), format!("fn {name}("))),
        None if span.starts_with("fuzz/fuzz_targets/") => {
            Some((span.to_owned(), "fuzz_target!(".to_owned()))
        }
        None => None,
    });
    tests.collect()
}

#[test]
fn each_test_that_it_names_is_there() {
    for (file, test) in named(&read("docs/security.md")) {
        assert!(path(&file).is_file(), "{file} is not there");
        assert!(read(&file).contains(&test), "{file} has no {test}");
    }
}

#[test]
fn whatever_stands_against_a_threat_has_its_test() {
    let rows = rows(&section("docs/security.md", "## Threats"));
    assert!(rows.len() > 20);
    for row in &rows {
        let [defence, tests] = row.as_slice() else { panic!("{row:?}") };
        assert!(!defence.is_empty() && !named(tests).is_empty(), "{row:?}");
    }
}
