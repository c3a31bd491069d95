//! `docs/kratos.md`: the facts about Kratos, and what verifies them.

use std::collections::BTreeSet;

use super::{path, read, rows};

/// The facts: their names, the versions for which they hold, and what verifies them.
fn facts() -> Vec<[String; 3]> {
    let fact = |row: Vec<String>| {
        let [name, _, versions, verified] = row.try_into().unwrap();
        let (anchor, name) = name.split_once("</a>").unwrap();
        let name = name.trim_matches('`').to_owned();
        assert_eq!(anchor, format!("<a id=\"{name}\">"));
        [name, versions, verified]
    };
    rows(&read("docs/kratos.md")).into_iter().map(fact).collect()
}

#[test]
fn kratos_facts_have_unique_names_versions_and_existing_tests() {
    let facts = facts();
    let names: BTreeSet<_> = facts.iter().map(|[name, ..]| name.clone()).collect();
    assert_eq!(names.len(), facts.len());
    assert!(facts.len() > 25);
    for [name, versions, verified] in facts {
        let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(name.chars().all(is_word), "{name}");
        assert!(!versions.is_empty() && !verified.is_empty(), "{name}");
        // A name without a folder or an extension is one of our tests, any other a file of Kratos.
        let quoted = verified.split('`').skip(1).step_by(2);
        for file in quoted.filter(|file| file.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            assert!(path(&format!("tests/real/kratos/{file}.rs")).is_file(), "{name}: {file}");
        }
    }
}
