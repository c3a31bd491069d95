//! Findings, and their rules.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Example, Place};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does not work, leaks data, or loses people.
    Error,
    /// It works until something else fails or changes.
    Warning,
}

impl Severity {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A rule.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// Its name, stable for programs that read the JSON.
    pub name: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// What it finds, as a short sentence without a full stop.
    pub title: &'static str,
    /// Why that is bad.
    pub description: &'static str,
    /// How to fix it.
    pub help: &'static str,
    /// An example and its replacement; `None` if only a whole file can break the rule.
    pub example: Option<Example>,
    /// The source: facts in `docs/kratos.md`, files and issues of ory/kratos, tests that run
    /// Kratos.
    pub source: &'static str,
}

/// A violation of a rule.
#[derive(Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where in the file: the path of keys.
    pub path: String,
    /// Where in the template at that path.
    pub place: Option<Place>,
    /// Details of this finding; may be empty. Never a secret.
    pub detail: String,
}

/// The findings so far.
#[derive(Debug, Default)]
pub struct Findings {
    /// The findings.
    pub findings: Vec<Finding>,
    /// What could not be checked: where, and why.
    pub notes: Vec<(String, String)>,
    /// The templates that were read, by the path that their findings have.
    pub(crate) templates: BTreeMap<String, String>,
}

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, rule: &'static Rule, path: impl Into<String>, detail: impl Into<String>) {
        self.push(Finding { rule, path: path.into(), place: None, detail: detail.into() });
    }

    /// Adds a finding at this place of the template.
    pub fn add_at(
        &mut self,
        rule: &'static Rule,
        path: &str,
        place: Place,
        detail: impl Into<String>,
    ) {
        let path = path.to_owned();
        self.push(Finding { rule, path, place: Some(place), detail: detail.into() });
    }

    fn push(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}
