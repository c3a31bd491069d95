//! File by file: what is found.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use lint::{Note, RULES, Report, lint};

/// A part of the corpus.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// The files of a part, by name.
fn files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn report(file: &Path) -> Report {
    lint(file, &fs::read_to_string(file).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn file_name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn good_file_triggers_no_rule() {
    for file in files("good") {
        let report = report(&file);
        assert_eq!(report.findings, [], "{}", file.display());
        assert_eq!(report.notes, [], "{}", file.display());
    }
}

#[test]
fn bad_file_triggers_the_rule_it_is_named_after() {
    for file in files("bad") {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let rule = RULES.iter().filter(|rule| stem.starts_with(rule.name));
        let rule = rule.max_by_key(|rule| rule.name.len()).unwrap_or_else(|| panic!("{stem}"));
        let report = report(&file);
        assert!(report.findings.iter().any(|finding| finding.rule == *rule), "{stem}: {report:?}");
    }
}

#[test]
fn every_rule_has_a_bad_file() {
    let mut broken = BTreeSet::new();
    for file in files("bad") {
        broken.extend(report(&file).findings.iter().map(|finding| finding.rule.name));
    }
    let all: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(all.len(), RULES.len(), "names are unique");
    assert_eq!(broken, all);
}

/// The corpus as a table: file, findings.
#[test]
fn the_table() {
    let mut table = String::from("| file | finding | where | |\n|---|---|---|---|\n");
    for part in ["good", "documents", "bad"] {
        for file in files(part) {
            rows(&mut table, &format!("{part}/{}", file_name(&file)), &report(&file));
        }
    }
    insta::assert_snapshot!(table);
}

fn rows(table: &mut String, file: &str, report: &Report) {
    if report.findings.is_empty() {
        writeln!(table, "| {file} | nothing | | |").unwrap();
    }
    for finding in &report.findings {
        let place = finding.place.map(|place| format!(" {}:{}", place.line, place.column));
        let path = finding.path.trim_start_matches("services.identity.config.");
        let path = path.trim_start_matches("selfservice.flows.");
        // Where the corpus lies is the machine's business.
        let detail = finding.detail.replace(env!("CARGO_MANIFEST_DIR"), "");
        let (severity, rule) = (finding.rule.severity.name(), finding.rule.name);
        let place = place.unwrap_or_default();
        writeln!(table, "| {file} | {severity} {rule} | {path}{place} | {detail} |").unwrap();
    }
    for Note { path, text, .. } in &report.notes {
        let path = path.trim_start_matches("selfservice.flows.");
        writeln!(table, "| {file} | note | {path} | {text} |").unwrap();
    }
}

/// What a key looks like is told nowhere.
#[test]
fn findings_redact_keys() {
    let keys = ["some-key", "a-write-key", "0123456789abcdef0123456789abcdef", "notAKeyBut"];
    for part in ["bad", "documents"] {
        for file in files(part) {
            let report = report(&file);
            let told = format!("{} {}", report.to_text("x"), report.to_json("x"));
            assert!(keys.iter().all(|key| !told.contains(key)), "{}: {told}", file.display());
        }
    }
}
