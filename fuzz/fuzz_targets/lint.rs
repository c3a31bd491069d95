//! A Kratos configuration for `ory-actions lint`, and, after a line of dashes, a template: it
//! replaces `TEMPLATE` in the configuration, and is also checked alone.
//!
//! Checks: every accepted configuration is checked to the end, gives the same findings as JSON and
//! as YAML, and the counts in its report are right.
#![no_main]

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use lint::{Kind, Options, Policy, RULES, Report, fix, lint};
use serde_json::Value;

/// The folder for relative paths.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lint/tests/corpus/good");

fuzz_target!(|input: &str| {
    let (configuration, template) = input.split_once("\n---\n").unwrap_or((input, ""));
    let encoded = format!("base64://{}", STANDARD.encode(template));
    let configuration = configuration.replace("TEMPLATE", &encoded);
    if let Some(report) = looked_at("kratos.yml", &configuration) {
        check(&report);
        fix_to_the_end(&configuration);
        // Comments, several documents and placeholders have no equivalent in JSON.
        if !configuration.contains("ory-lint:")
            && let Some(json) = as_json(&configuration)
            && let Some(again) = looked_at("kratos.json", &json)
        {
            assert_eq!(told(&again), told(&report));
        }
    }
    let report = looked_at("template.jsonnet", template).expect("a template is always looked at");
    assert_eq!(report.kind, Kind::Template);
    check(&report);
});

/// What was fixed can be read, and fixed no further.
fn fix_to_the_end(configuration: &str) {
    let file = Path::new(FOLDER).join("kratos.yml");
    let fixed = |text: &str| {
        fix(&file, text, &Options::default(), &Policy::default()).expect("it was read before")
    };
    if let Some(change) = fixed(configuration).files.get(&file) {
        assert!(!fixed(&change.new).files.contains_key(&file));
    }
}

fn as_json(configuration: &str) -> Option<String> {
    let mut yaml: yaml_serde::Value = yaml_serde::from_str(configuration).ok()?;
    yaml.apply_merge().ok()?;
    let json: Value = yaml_serde::from_value(yaml).ok()?;
    Some(json.to_string())
}

/// What is found, without the lines.
fn told(report: &Report) -> Vec<String> {
    let findings = report
        .findings
        .iter()
        .map(|finding| format!("{} {} {}", finding.rule.name, finding.path, finding.detail));
    let notes = report.notes.iter().map(|note| format!("{} {}", note.path, note.text));
    findings.chain(notes).collect()
}

fn looked_at(name: &str, text: &str) -> Option<Report> {
    lint(&Path::new(FOLDER).join(name), text).ok()
}

fn check(report: &Report) {
    assert!(report.findings.iter().all(|finding| RULES.contains(&finding.rule)));
    let json = report.to_json("x");
    let findings = json["findings"].as_array().map_or(0, Vec::len);
    let counted = ["errors", "warnings"].map(|kind| json[kind].as_u64().unwrap_or_default());
    assert_eq!(counted[0] + counted[1], findings as u64);
    assert_eq!(report.has_no_errors(), json["errors"] == 0);
    assert!(report.to_text("x").starts_with(['e', 'w', 'n', 'x']));
}
