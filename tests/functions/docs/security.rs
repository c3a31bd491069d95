//! `docs/security.md` lists mitigations, and `docs/security-tests.md` the tests of each.

use super::{path, read, section};

const PAGE: &str = "docs/security.md";
const TESTS: &str = "docs/security-tests.md";

/// A mitigation, with the tests that are listed under it.
struct Mitigation {
    /// The threat that it is listed under.
    threat: String,
    text: String,
    tests: Vec<String>,
}

/// The mitigations in a text: a list under the heading of each threat, with the tests as a list
/// under each.
fn mitigations(text: &str) -> Vec<Mitigation> {
    let mut threat = String::new();
    let mut found: Vec<Mitigation> = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
            line.trim_start_matches('#').trim().clone_into(&mut threat);
        } else if let Some(text) = line.strip_prefix("- ") {
            found.push(Mitigation { threat: threat.clone(), text: text.to_owned(), tests: vec![] });
        } else if let (Some(test), Some(last)) = (line.strip_prefix("  - "), found.last_mut()) {
            last.tests.push(test.trim_matches('`').to_owned());
        } else if let (Some(rest), Some(last)) = (line.strip_prefix("  "), found.last_mut()) {
            last.text = format!("{} {rest}", last.text);
        }
    }
    found
}

/// The file of a test, and what the file must contain: `path/to/file.rs::name`, or a fuzz target,
/// which is the only one of its file: `fuzz/fuzz_targets/name.rs`.
fn place(test: &str) -> (String, String) {
    if let Some((file, name)) = test.split_once(".rs::") {
        return (format!("{file}.rs"), format!("fn {name}("));
    }
    assert!(test.starts_with("fuzz/fuzz_targets/"), "{test} names no test");
    (test.to_owned(), "fuzz_target!(".to_owned())
}

#[test]
fn every_listed_test_exists() {
    for test in mitigations(&read(TESTS)).iter().flat_map(|mitigation| &mitigation.tests) {
        let (file, content) = place(test);
        assert!(path(&file).is_file(), "{file} does not exist");
        assert!(read(&file).contains(&content), "{file} has no {content}");
    }
}

#[test]
fn every_mitigation_has_a_test() {
    let mitigations = mitigations(&read(TESTS));
    assert!(mitigations.len() > 20);
    for Mitigation { text, tests, .. } in mitigations {
        assert!(!tests.is_empty(), "{TESTS} lists no test for: {text}");
    }
}

#[test]
fn both_pages_list_the_same_mitigations() {
    let listed = |text: &str| -> Vec<_> {
        mitigations(text).into_iter().map(|one| format!("{}: {}", one.threat, one.text)).collect()
    };
    let promised = listed(&section(PAGE, "## Threats"));
    assert!(promised.len() > 20);
    assert_same(&promised, &listed(&read(TESTS)));
}

/// Shows the first difference, as the lists are long.
fn assert_same(promised: &[String], tested: &[String]) {
    for (promised, tested) in promised.iter().zip(tested) {
        assert_eq!(promised, tested, "change {PAGE} and {TESTS} together");
    }
    assert_eq!(promised.len(), tested.len(), "change {PAGE} and {TESTS} together");
}
