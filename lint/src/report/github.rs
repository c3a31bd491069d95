//! The report as annotations of a pull request on GitHub.
//!
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions".

use std::fmt::Write as _;

use super::{Finding, Note, Report};

impl Report {
    /// For GitHub Actions: one command for each finding, and the summary.
    pub fn to_github(&self, file: &str) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let message = data(&message(finding));
            let command = finding.severity.name();
            let title = format!("ory-lint ({})", finding.rule.name);
            let place = self.physical(file, finding);
            writeln!(text, "::{command} {}::{message}", properties(&place, &title)).ok();
        }
        for Note { path, at, text: note } in &self.notes {
            let place = (file.to_owned(), *at);
            let message = data(&format!("{path}: {note}"));
            writeln!(text, "::notice {}::{message}", properties(&place, "ory-lint")).ok();
        }
        text.push_str(&self.summary_of(file));
        text
    }
}

/// What is wrong, where in the configuration, and how to fix it.
pub(super) fn message(finding: &Finding) -> String {
    let Finding { rule, path, place, detail, .. } = finding;
    let mut message = format!("{}.", rule.title);
    for part in [detail, rule.description] {
        if !part.is_empty() {
            write!(message, " {part}").ok();
        }
    }
    write!(message, "\nFix: {}", rule.help).ok();
    if !path.is_empty() {
        write!(message, "\nPath: {path}").ok();
    }
    if let Some(place) = place {
        write!(message, ", line {} column {} of the template", place.line, place.column).ok();
    }
    message
}

fn properties((file, at): &super::Physical, title: &str) -> String {
    let mut properties = format!("file={}", property(file));
    if let Some(at) = at {
        write!(properties, ",line={},col={}", at.line, at.column).ok();
    }
    write!(properties, ",title={}", property(title)).ok();
    properties
}

/// Text after the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_command() {
        assert_eq!(data("100%\n::error::x"), "100%25%0A::error::x");
        assert_eq!(property("a:b,c\r"), "a%3Ab%2Cc%0D");
    }
}
