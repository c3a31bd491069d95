//! Takes the findings that a comment suppresses out of a report.

use std::{cell::Cell, collections::BTreeMap};

use super::{Finding, Kind, Report, Suppressed};
use crate::suppression::{self, Suppression};

impl Report {
    /// Applies the comments in a file with this text, and in its templates. A comment that is not
    /// valid or suppresses nothing becomes a finding.
    pub(crate) fn suppress(&mut self, text: &str) {
        let text = if self.kind == Kind::Template { "" } else { text };
        let in_file = Comments::of(text);
        let templates = self.sources.iter();
        let in_templates: BTreeMap<_, _> = templates
            .map(|(path, template)| (path.clone(), Comments::of(&template.code)))
            .collect();
        for finding in std::mem::take(&mut self.findings) {
            let of_template = in_templates.get(&finding.path).zip(finding.place);
            let reason = of_template
                .and_then(|(comments, place)| comments.reason(&finding, &[place.line]))
                .or_else(|| in_file.reason(&finding, &finding.lines));
            match reason.map(str::to_owned) {
                Some(reason) => self.suppressed.push(Suppressed { finding, reason }),
                None => self.findings.push(finding),
            }
        }
        self.findings.extend(in_file.in_vain(None));
        for (path, comments) in in_templates {
            self.findings.extend(comments.in_vain(Some(&path)));
        }
        self.sort();
    }
}

/// The comments of a text.
struct Comments(Vec<Comment>);

struct Comment {
    parsed: Result<Suppression, suppression::Invalid>,
    is_used: Cell<bool>,
}

impl Comments {
    fn of(text: &str) -> Self {
        let comments = suppression::read(text).into_iter();
        Self(comments.map(|parsed| Comment { parsed, is_used: Cell::new(false) }).collect())
    }

    /// Why a finding on one of these lines is fine.
    fn reason(&self, finding: &Finding, lines: &[usize]) -> Option<&str> {
        self.0.iter().find_map(|comment| {
            let suppression = comment.parsed.as_ref().ok()?;
            suppression.is_about(finding.rule, lines).then(|| {
                comment.is_used.set(true);
                suppression.reason()
            })
        })
    }

    /// A finding for each comment that is not valid or not used.
    fn in_vain(self, template: Option<&str>) -> Vec<Finding> {
        let finding = |comment: Comment| match comment.parsed {
            Ok(_) if comment.is_used.get() => None,
            Ok(suppression) => {
                let why = "It suppresses nothing here.".to_owned();
                Some(Finding::in_comment(template, suppression.place, why))
            }
            Err((place, why)) => Some(Finding::in_comment(template, place, why)),
        };
        self.0.into_iter().filter_map(finding).collect()
    }
}
