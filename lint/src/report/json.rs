//! The report for programs. `docs/lint.md` describes the fields.

use serde_json::{Value, json};

use super::{Finding, Report, Severity};

/// The version of the JSON; it changes when a field is removed or changes its meaning.
const FORMAT_VERSION: u32 = 1;

impl Report {
    /// For programs. The shape is documented in `docs/lint.md`.
    pub fn to_json(&self, file: &str) -> Value {
        let notes = self.notes.iter().map(|note| {
            json!({
                "path": note.path,
                "file_line": note.at.map(|at| at.line),
                "file_column": note.at.map(|at| at.column),
                "text": note.text,
            })
        });
        let suppressed = self.suppressed.iter().map(|one| {
            let mut finding = of_finding(&one.finding);
            finding["reason"] = one.reason.clone().into();
            finding
        });
        json!({
            "version": FORMAT_VERSION,
            "file": file,
            "kind": self.kind,
            "web_hooks": self.web_hooks,
            "templates": self.templates,
            "unparsed": self.unparsed,
            "unread": self.unread,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "findings": self.findings.iter().map(of_finding).collect::<Vec<_>>(),
            "suppressed": suppressed.collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        })
    }
}

fn of_finding(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule.name,
        "severity": finding.severity,
        "path": finding.path,
        "file_line": finding.at.map(|at| at.line),
        "file_column": finding.at.map(|at| at.column),
        "line": finding.place.map(|place| place.line),
        "column": finding.place.map(|place| place.column),
        "description": finding.rule.description,
        "detail": finding.detail,
        "help": finding.rule.help,
        "source": finding.rule.source,
    })
}
