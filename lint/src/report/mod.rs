//! The result of a check, as data. `text` and `json` print it.

mod json;
mod text;

use std::collections::BTreeMap;

use super::{Finding, Findings, Kind, Severity, hook::Hook};

/// What was checked, and what was found.
#[derive(Debug)]
pub struct Report {
    /// The kind of the file.
    pub kind: Kind,
    /// How many webhooks there are.
    pub web_hooks: usize,
    /// How many templates were read.
    pub templates: usize,
    /// What was found, errors first, then by path.
    pub findings: Vec<Finding>,
    /// What could not be checked: where, and why.
    pub notes: Vec<(String, String)>,
    sources: BTreeMap<String, String>,
}

impl Report {
    pub(super) fn new(kind: Kind, hooks: &[Hook], found: Findings) -> Self {
        let web_hooks = hooks.iter().filter(|hook| hook.name == "web_hook").count();
        let templates = hooks.iter().filter(|hook| hook.reading.is_some()).count();
        Self::of(kind, web_hooks, templates, found)
    }

    pub(super) fn of_template(found: Findings) -> Self {
        Self::of(Kind::Template, 0, 1, found)
    }

    fn of(kind: Kind, web_hooks: usize, templates: usize, found: Findings) -> Self {
        let Findings { mut findings, notes, templates: sources } = found;
        findings.sort_by_key(|finding| (finding.rule.severity, finding.path.clone()));
        Self { kind, web_hooks, templates, findings, notes, sources }
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }

    /// Whether the file may be deployed: there are no errors.
    pub fn has_no_errors(&self) -> bool {
        self.count(Severity::Error) == 0
    }
}
