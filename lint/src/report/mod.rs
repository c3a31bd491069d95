//! The result of a check, as data. The other modules print it.

mod github;
mod json;
mod sarif;
mod suppressed;
mod text;

use std::collections::BTreeMap;

pub use self::sarif::to_sarif;
use crate::{
    Configuration, Finding, Findings, Kind, Note, Place, Policy, Severity, finding::TemplateText,
    hook::Hook, kratos::HookPlace, rules::templates,
};

/// What was checked, and what was found.
#[derive(Debug)]
pub struct Report {
    /// The kind of the file.
    pub kind: Kind,
    /// How many webhooks there are.
    pub web_hooks: usize,
    /// How many templates were read and parsed.
    pub templates: usize,
    /// How many templates were read but cannot be parsed.
    pub unparsed: usize,
    /// How many templates the webhooks have that were not read.
    pub unread: usize,
    /// How many of these are elsewhere, and not only to be filled in.
    elsewhere: usize,
    /// What was found, errors first, then by path.
    pub findings: Vec<Finding>,
    /// What could not be checked, or is good to know.
    pub notes: Vec<Note>,
    /// What comments keep from being reported.
    pub suppressed: Vec<Suppressed>,
    /// The hook for which a template alone was checked.
    pub hook: Option<HookPlace>,
    sources: BTreeMap<String, TemplateText>,
}

/// A finding that a comment suppresses.
#[derive(Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Why it is fine, in the words of the comment.
    pub reason: String,
}

/// The file that a finding is in, and where, if that is known.
type Physical = (String, Option<Place>);

impl Report {
    pub(super) fn new(configuration: &Configuration, hooks: &[Hook], mut found: Findings) -> Self {
        let places = configuration.places();
        for finding in &mut found.findings {
            finding.at = places.of(&finding.path);
            finding.lines = places.lines(&finding.path);
            finding.is_absent = configuration.lacks(&finding.path);
        }
        for note in &mut found.notes {
            note.at = places.of(&note.path);
        }
        let web_hooks = hooks.iter().filter(|hook| hook.name == "web_hook").count();
        let templates = hooks.iter().filter(|hook| hook.reading.is_some()).count();
        let unread = hooks.iter().filter(|hook| hook.is_unread).count();
        let is_elsewhere = |hook: &&Hook| hook.is_unread && !hook.unknown.has("body");
        let elsewhere = hooks.iter().filter(is_elsewhere).count();
        let is_unparsed = |hook: &&Hook| {
            let body = hook.web.as_ref().and_then(|web| web.body.as_deref());
            body.is_some_and(|body| !body.is_empty()) && hook.reading.is_none() && !hook.is_unread
        };
        let unparsed = hooks.iter().filter(is_unparsed).count();
        Self {
            web_hooks,
            templates,
            unparsed,
            unread,
            elsewhere,
            ..Self::of(configuration.kind, found)
        }
    }

    pub(super) fn of_template(hook: Option<HookPlace>, found: Findings) -> Self {
        Self { hook, templates: 1, ..Self::of(Kind::Template, found) }
    }

    fn of(kind: Kind, found: Findings) -> Self {
        let Findings { findings, notes, templates: sources } = found;
        Self {
            kind,
            web_hooks: 0,
            templates: 0,
            unparsed: 0,
            unread: 0,
            elsewhere: 0,
            findings,
            notes,
            suppressed: Vec::new(),
            hook: None,
            sources,
        }
        .sorted()
    }

    /// Together with the report of another configuration in the same file.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.web_hooks += other.web_hooks;
        self.templates += other.templates;
        self.unparsed += other.unparsed;
        self.unread += other.unread;
        self.elsewhere += other.elsewhere;
        self.findings.extend(other.findings);
        self.notes.extend(other.notes);
        self.sources.extend(other.sources);
        self.sorted()
    }

    /// Adds a note about the file.
    pub(super) fn note(&mut self, path: String, text: String) {
        self.notes.push(Note { path, at: None, text });
    }

    fn sorted(mut self) -> Self {
        self.sort();
        self
    }

    fn sort(&mut self) {
        self.findings.sort_by_key(|finding| (finding.severity, finding.path.clone()));
    }

    /// Gives the findings the severities that the caller asked for, and drops those that are not
    /// to be reported.
    pub fn apply(&mut self, policy: &Policy) {
        self.findings.retain(|finding| policy.reports(finding.rule));
        for finding in &mut self.findings {
            policy.judge(finding);
        }
        self.sort();
    }

    /// The template at a path.
    pub(crate) fn template(&self, path: &str) -> Option<&TemplateText> {
        self.sources.get(path)
    }

    /// Where a finding is: in a template that is a file of its own, or in this file.
    fn physical(&self, file: &str, finding: &Finding) -> Physical {
        let template = self.template(&finding.path).and_then(|text| text.file.as_ref());
        match template.zip(finding.place) {
            Some((template, place)) => (template.display().to_string(), Some(place)),
            None if self.kind == Kind::Template => (file.to_owned(), finding.place),
            None => (file.to_owned(), finding.at),
        }
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether the check has passed: there are no errors, and of the templates at least one was
    /// read, unless the policy allows that their files are elsewhere.
    pub fn is_fine(&self, policy: &Policy) -> bool {
        let is_blind = self.elsewhere > 0 && self.templates == 0;
        self.has_no_errors() && (!is_blind || !policy.reports(&templates::FILE_NOT_HERE))
    }

    /// Whether the file may be deployed: there are no errors.
    pub fn has_no_errors(&self) -> bool {
        self.count(Severity::Error) == 0
    }
}
