//! The report for programs. `docs/lint.md` describes the fields.

use serde_json::{Value, json};

use super::{Finding, Report, Severity};

/// The version of the JSON; it changes when a field is removed or changes its meaning.
const FORMAT_VERSION: u32 = 1;

impl Report {
    /// For programs. The shape is documented in `docs/lint.md`.
    pub fn to_json(&self, file: &str) -> Value {
        let notes = self.notes.iter().map(|(path, text)| json!({"path": path, "text": text}));
        json!({
            "version": FORMAT_VERSION,
            "file": file,
            "kind": self.kind,
            "web_hooks": self.web_hooks,
            "templates": self.templates,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "findings": self.findings.iter().map(of_finding).collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        })
    }
}

fn of_finding(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule.name,
        "severity": finding.rule.severity,
        "path": finding.path,
        "line": finding.place.map(|place| place.line),
        "column": finding.place.map(|place| place.column),
        "description": finding.rule.description,
        "detail": finding.detail,
        "help": finding.rule.help,
        "source": finding.rule.source,
    })
}
