//! A Kratos configuration for `ory-actions lint`, and, after a line of dashes, a template: it
//! replaces `TEMPLATE` in the configuration, and is also checked alone.
//!
//! Checks: every accepted configuration is checked to the end, gives the same findings as JSON and
//! as YAML, and the counts in its report are right.
#![no_main]

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use lint::{Kind, RULES, Report, lint};
use serde_json::Value;

/// The folder for relative paths.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lint/tests/corpus/good");

fuzz_target!(|input: &str| {
    let (configuration, template) = input.split_once("\n---\n").unwrap_or((input, ""));
    let encoded = format!("base64://{}", STANDARD.encode(template));
    let configuration = configuration.replace("TEMPLATE", &encoded);
    if let Some(report) = looked_at("kratos.yml", &configuration) {
        check(&report);
        let json =
            serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&configuration).map(|mut yaml| {
                yaml.apply_merge().expect("it was merged before");
                let json: Value = serde_yaml_ng::from_value(yaml).expect("it was JSON before");
                json.to_string()
            });
        // JSON may have keys that are too long for YAML, which needs another notation for them.
        if let Some(again) = looked_at("kratos.json", &json.expect("YAML")) {
            assert_eq!(again.findings, report.findings);
            assert_eq!(again.notes, report.notes);
        }
    }
    let report = looked_at("template.jsonnet", template).expect("a template is always looked at");
    assert_eq!(report.kind, Kind::Template);
    check(&report);
});

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
