//! What is told: for people, and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Findings, Kind, Rule, Severity, hook::Hook};

/// The version of the JSON; it changes when a field changes its meaning or goes.
const FORMAT_VERSION: u32 = 1;

/// What was looked at, and what was found.
#[derive(Debug)]
pub struct Report {
    /// What the file is.
    pub kind: Kind,
    /// How many webhooks there are.
    pub web_hooks: usize,
    /// How many templates were read.
    pub templates: usize,
    /// What was found, errors first, then by path.
    pub findings: Vec<Finding>,
    /// What could not be looked at: where, and why.
    pub notes: Vec<(String, String)>,
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
        let Findings { mut findings, notes } = found;
        findings.sort_by_key(|finding| (finding.rule.severity, finding.path.clone()));
        Self { kind, web_hooks, templates, findings, notes }
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == severity).count()
    }

    /// Whether nothing is so bad that it must not be deployed.
    pub fn has_no_errors(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// For people.
    pub fn to_text(&self, file: &str) -> String {
        let mut text = String::new();
        let mut told: Vec<&Rule> = Vec::new();
        for Finding { rule, .. } in &self.findings {
            if !told.contains(rule) {
                told.push(rule);
                self.tell(rule, &mut text);
            }
        }
        for (path, note) in &self.notes {
            let _ = writeln!(text, "note\n  {path}\n    {note}\n");
        }
        let _ = write!(text, "{file}: {}", self.summary());
        text
    }

    /// A rule, with all places where it is broken. A `String` takes whatever is written.
    fn tell(&self, rule: &Rule, text: &mut String) {
        let _ = writeln!(text, "{} {}", rule.severity.name(), rule.name);
        for finding in self.findings.iter().filter(|finding| finding.rule == rule) {
            let _ = writeln!(text, "  {}", at(finding));
            if !finding.detail.is_empty() {
                let _ = writeln!(text, "    {}", finding.detail);
            }
        }
        let Rule { happens, mend, claim, .. } = rule;
        let _ = writeln!(text, "  What happens: {happens}");
        let _ = writeln!(text, "  Mend: {mend}");
        let _ = writeln!(text, "  Known from: {claim}\n");
    }

    fn summary(&self) -> String {
        let looked_at = match self.kind {
            Kind::Kratos => "Kratos' configuration",
            Kind::Project => "an Ory project",
            Kind::Template => {
                "a template; which hook it is for is not known, so what it takes of \
                               ctx was not looked at"
            }
        };
        let counts = match self.kind {
            Kind::Template => String::new(),
            Kind::Kratos | Kind::Project => {
                format!(
                    " with {} and {}",
                    many(self.web_hooks, "webhook"),
                    many(self.templates, "readable template")
                )
            }
        };
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let found = match errors + warnings {
            0 => "nothing found".to_owned(),
            _ => format!("{}, {}", many(errors, "error"), many(warnings, "warning")),
        };
        format!("{looked_at}{counts}: {found}")
    }

    /// For programs. The shape is documented in `docs/lint.md`.
    pub fn to_json(&self, file: &str) -> Value {
        let findings = self.findings.iter().map(|finding| {
            json!({
                "rule": finding.rule.name,
                "severity": finding.rule.severity,
                "path": finding.path,
                "line": finding.place.map(|place| place.line),
                "column": finding.place.map(|place| place.column),
                "happens": finding.rule.happens,
                "detail": finding.detail,
                "mend": finding.rule.mend,
                "claim": finding.rule.claim,
            })
        });
        let notes = self.notes.iter().map(|(path, text)| json!({"path": path, "text": text}));
        json!({
            "version": FORMAT_VERSION,
            "file": file,
            "kind": self.kind,
            "web_hooks": self.web_hooks,
            "templates": self.templates,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "findings": findings.collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        })
    }
}

fn at(finding: &Finding) -> String {
    let place = finding.place.map(|place| format!("line {}, column {}", place.line, place.column));
    match (finding.path.as_str(), place) {
        ("", None) => "the template".to_owned(),
        ("", Some(place)) => place,
        (path, None) => path.to_owned(),
        (path, Some(place)) => format!("{path}: {place} of the template"),
    }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
