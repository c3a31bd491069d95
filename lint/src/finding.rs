//! Findings, and their rules.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use crate::{Example, Place, hook::Hook, suppression};

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
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Its severity: that of the rule, unless the caller asked for another.
    pub severity: Severity,
    /// Where in the file: the path of keys.
    pub path: String,
    /// The place of that path in the file, if it is known.
    pub at: Option<Place>,
    /// The lines on which that part and the parts around it begin.
    pub(crate) lines: Vec<usize>,
    /// Whether the path names a part that the file does not set.
    pub(crate) is_absent: bool,
    /// Where in the template at that path.
    pub place: Option<Place>,
    /// Details of this finding; may be empty. Never a secret.
    pub detail: String,
}

impl Finding {
    fn new(rule: &'static Rule, path: String, place: Option<Place>, detail: String) -> Self {
        let (severity, lines) = (rule.severity, Vec::new());
        Self { rule, severity, path, at: None, lines, is_absent: false, place, detail }
    }

    /// A suppression that is not valid, in the template at a path or in the file itself.
    pub(crate) fn in_comment(template: Option<&str>, place: Place, why: String) -> Self {
        let path = template.unwrap_or_default().to_owned();
        let finding = Self::new(&suppression::INVALID, path, None, why);
        match template {
            Some(_) => Self { place: Some(place), ..finding },
            None => Self { at: Some(place), ..finding },
        }
    }
}

/// What could not be checked, or is good to know.
#[derive(Debug, PartialEq)]
pub struct Note {
    /// Where in the file: the path of keys.
    pub path: String,
    /// The place of that path in the file, if it is known.
    pub at: Option<Place>,
    /// What.
    pub text: String,
}

/// A template that was read.
#[derive(Debug, PartialEq)]
pub(crate) struct TemplateText {
    /// Its text.
    pub(crate) code: String,
    /// The file that it was read from; `None`: the configuration contains it.
    pub(crate) file: Option<PathBuf>,
}

/// The findings so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "there are notes and templates, too")]
pub(crate) struct Findings {
    /// The findings.
    pub(crate) findings: Vec<Finding>,
    /// The notes.
    pub(crate) notes: Vec<Note>,
    /// The templates that were read, by the path that their findings have.
    pub(crate) templates: BTreeMap<String, TemplateText>,
}

impl Findings {
    /// Adds a finding.
    pub(crate) fn add(
        &mut self,
        rule: &'static Rule,
        path: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.push(Finding::new(rule, path.into(), None, detail.into()));
    }

    /// Adds a finding at this place of the template.
    pub(crate) fn add_at(
        &mut self,
        rule: &'static Rule,
        path: &str,
        place: Place,
        detail: impl Into<String>,
    ) {
        self.push(Finding::new(rule, path.to_owned(), Some(place), detail.into()));
    }

    /// Adds a note.
    pub(crate) fn note(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note { path: path.into(), at: None, text: text.into() });
    }

    /// Leaves out what rests on values that are not known.
    pub(crate) fn forget_unknown(&mut self, hooks: &[Hook]) {
        let is_known = |finding: &Finding| !hooks.iter().any(|hook| hook.is_unknown(&finding.path));
        self.findings.retain(is_known);
    }

    fn push(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}
