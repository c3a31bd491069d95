//! Findings, and the rules that they come from.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Example, Place};

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does not work, leaks, or loses people.
    Error,
    /// It works until something happens.
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

/// What is looked for.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// Its name: stable, for those who read JSON.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it finds, as a short sentence without a full stop.
    pub title: &'static str,
    /// Why that is bad.
    pub description: &'static str,
    /// How to fix it.
    pub help: &'static str,
    /// An example, and what to use instead; none where the rule takes a whole file to break.
    pub example: Option<Example>,
    /// How it is known: facts of `docs/kratos.md`, files and issues of ory/kratos, tests that run
    /// Kratos.
    pub source: &'static str,
}

/// A rule that is broken somewhere.
#[derive(Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where in the file, by its keys.
    pub path: String,
    /// Where in the template that is there.
    pub place: Option<Place>,
    /// What is particular to this one; may be empty. Never a secret.
    pub detail: String,
}

/// What has been found so far.
#[derive(Debug, Default)]
pub struct Findings {
    /// The findings.
    pub findings: Vec<Finding>,
    /// What could not be checked: where, and why.
    pub notes: Vec<(String, String)>,
    /// The templates that were read, by the path that findings in them have.
    pub(crate) templates: BTreeMap<String, String>,
}

impl Findings {
    /// A rule is broken here.
    pub fn add(&mut self, rule: &'static Rule, path: impl Into<String>, detail: impl Into<String>) {
        self.push(Finding { rule, path: path.into(), place: None, detail: detail.into() });
    }

    /// A rule is broken at this place of the template that is here.
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
