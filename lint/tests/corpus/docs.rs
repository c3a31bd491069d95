//! `docs/lint.md`.

use std::{fmt::Write as _, fs, path::Path};

use lint::RULES;

#[test]
fn every_rule_is_documented() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint.md");
    let docs = fs::read_to_string(docs).unwrap();
    let mut table =
        String::from("| rule | | what happens | mend | known from |\n|---|---|---|---|---|\n");
    for rule in RULES {
        let (name, severity) = (rule.name, rule.severity.name());
        let [happens, mend, claim] =
            [rule.happens, rule.mend, rule.claim].map(|words| words.replace('|', r"\|"));
        writeln!(table, "| `{name}` | {severity} | {happens} | {mend} | {claim} |").unwrap();
    }
    assert!(docs.contains(&table), "docs/lint.md wants this table:\n\n{table}");
}
