//! Reports in SARIF 2.1.0, for code scanning.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::path::Path;

use serde_json::{Value, json};
use url::Url;

use super::{Finding, Report, Severity, Suppressed, github::message};
use crate::{Place, RULES, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log of what was found in these files.
pub fn to_sarif(reports: &[(String, Report)]) -> Value {
    let findings = reports.iter().flat_map(|(file, report)| {
        let open = report.findings.iter().map(|finding| report.result(file, finding));
        let suppressed = report.suppressed.iter().map(|one| report.suppressed_result(file, one));
        open.chain(suppressed).collect::<Vec<_>>()
    });
    let notes = reports.iter().flat_map(|(file, report)| {
        report.notes.iter().map(move |note| {
            json!({
                "level": "note",
                "message": {"text": note.text},
                "locations": [location(&(file.clone(), note.at), &note.path)],
            })
        })
    });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ory-lint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": findings.collect::<Vec<_>>(),
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notes.collect::<Vec<_>>(),
            }],
        }],
    })
}

impl Report {
    fn result(&self, file: &str, finding: &Finding) -> Value {
        json!({
            "ruleId": finding.rule.name,
            "ruleIndex": RULES.iter().position(|rule| *rule == finding.rule),
            "level": finding.severity.name(),
            "message": {"text": message(finding)},
            "locations": [location(&self.physical(file, finding), &finding.path)],
        })
    }

    fn suppressed_result(&self, file: &str, suppressed: &Suppressed) -> Value {
        let mut result = self.result(file, &suppressed.finding);
        result["suppressions"] = json!([{"kind": "inSource", "justification": suppressed.reason}]);
        result
    }
}

fn location((file, at): &super::Physical, path: &str) -> Value {
    // A result without a line is at the beginning of its file.
    let Place { line, column } = at.unwrap_or(Place { line: 1, column: 1 });
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(file)},
            "region": {"startLine": line, "startColumn": column},
        },
    });
    if !path.is_empty() {
        location["logicalLocations"] = json!([{"fullyQualifiedName": path}]);
    }
    location
}

/// The reference to a file: relative as it was given, so that code scanning finds it in the
/// repository.
fn uri(file: &str) -> String {
    let path = Path::new(file);
    if path.is_absolute()
        && let Ok(url) = Url::from_file_path(path)
    {
        return url.into();
    }
    let mut url = Url::from_file_path("/").ok();
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.clear().extend(path.components().map(|part| part.as_os_str().to_string_lossy()));
    }
    let path = url.as_ref().map(Url::path).unwrap_or_default();
    path.trim_start_matches('/').to_owned()
}

fn descriptor(rule: &Rule) -> Value {
    let help = format!("{}\n\nSource: {}.", rule.help, rule.source);
    let markdown =
        format!("{}\n\n**Fix.** {}\n\n*Source: {}.*", rule.description, rule.help, rule.source);
    json!({
        "id": rule.name,
        "shortDescription": {"text": format!("{}.", rule.title)},
        "fullDescription": {"text": rule.description},
        "help": {"text": help, "markdown": markdown},
        "defaultConfiguration": {"level": Severity::name(rule.severity)},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_is_relative_and_encoded() {
        let table = [
            ("kratos.yml", "kratos.yml"),
            ("./a b/kratos.yml", "a%20b/kratos.yml"),
            ("ä.yml", "%C3%A4.yml"),
            ("-", "-"),
        ];
        for (file, expected) in table {
            assert_eq!(uri(file), expected);
        }
    }
}
