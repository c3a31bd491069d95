//! `docs/kratos.md`: the facts about Kratos, and the tests that verify them.

use std::collections::BTreeSet;

use super::{path, read, rows};

/// The claims, each with the cell that tells what holds it.
fn claims() -> Vec<(String, String)> {
    let claim = |row: Vec<String>| {
        let [claim, _, held] = row.try_into().unwrap();
        (claim, held)
    };
    rows(&read("docs/kratos.md")).into_iter().map(claim).collect()
}

#[test]
fn kratos_facts_have_unique_names_and_existing_tests() {
    let claims = claims();
    let numbers: BTreeSet<_> = claims.iter().map(|(claim, _)| claim.clone()).collect();
    let all: BTreeSet<_> = (1..=claims.len()).map(|n| format!("H{n}")).collect();
    assert_eq!(numbers, all);
    for (claim, held) in claims {
        assert!(!held.is_empty(), "{claim}");
        for file in held.split('`').skip(1).step_by(2) {
            assert!(path(&format!("tests/real/kratos/{file}.rs")).is_file(), "{claim}: {file}");
        }
    }
}

#[test]
fn kratos_facts_cited_by_lint_exist() {
    let claims: BTreeSet<_> = claims().into_iter().map(|(claim, _)| claim).collect();
    let page = read("docs/lint.md");
    let sources = page.split("*Source:").skip(1).filter_map(|rest| rest.split(".*").next());
    let named: BTreeSet<String> = sources
        .flat_map(|source| source.split([',', ';', ' ', '\n']).map(str::to_owned))
        .filter(|word| word.strip_prefix('H').is_some_and(|n| n.parse::<u8>().is_ok()))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    assert!(named.is_subset(&claims), "{named:?}");
}
