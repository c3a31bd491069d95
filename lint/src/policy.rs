//! What the caller wants to know, and what must fail.

use std::str::FromStr;

use crate::{Finding, RULES, Rule, Severity};

/// The severities that a caller asks for instead of those of the rules.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What counts as an error.
    pub deny: Vec<Selection>,
    /// What is not reported.
    pub allow: Vec<Selection>,
}

/// The rules that a word selects.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// One rule.
    Rule(&'static Rule),
    /// Every rule whose findings are warnings.
    Warnings,
}

/// A word that selects no rule.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown rule {0}: expected `warnings` or a rule of docs/lint.md")]
pub struct UnknownRule(String);

impl FromStr for Selection {
    type Err = UnknownRule;

    fn from_str(word: &str) -> Result<Self, UnknownRule> {
        if word == "warnings" {
            return Ok(Self::Warnings);
        }
        let rule = RULES.into_iter().find(|rule| rule.name == word);
        rule.map(Self::Rule).ok_or_else(|| UnknownRule(word.to_owned()))
    }
}

impl Selection {
    fn selects(&self, rule: &Rule) -> bool {
        match self {
            Self::Rule(selected) => *selected == rule,
            Self::Warnings => rule.severity == Severity::Warning,
        }
    }
}

impl Policy {
    /// Whether a finding of this rule is reported. A rule that is named wins over `warnings`.
    pub(crate) fn reports(&self, rule: &Rule) -> bool {
        let names = |list: &[Selection]| {
            list.iter().any(|one| *one != Selection::Warnings && one.selects(rule))
        };
        let allows = self.allow.iter().any(|selection| selection.selects(rule));
        !names(&self.allow) && (!allows || names(&self.deny))
    }

    /// Gives a finding the severity that the caller asked for.
    pub(crate) fn judge(&self, finding: &mut Finding) {
        if self.deny.iter().any(|selection| selection.selects(finding.rule)) {
            finding.severity = Severity::Error;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(deny: &[&str], allow: &[&str]) -> Policy {
        let read = |words: &[&str]| words.iter().map(|word| word.parse().unwrap()).collect();
        Policy { deny: read(deny), allow: read(allow) }
    }

    #[test]
    fn policy_decides_what_is_reported() {
        let named = |name: &str| RULES.into_iter().find(|rule| rule.name == name).unwrap();
        let (warning, error) = (named("missing-method"), named("whole-ctx"));
        let table = [
            (policy(&[], &[]), true, true),
            (policy(&[], &["warnings"]), false, true),
            (policy(&["missing-method"], &["warnings"]), true, true),
            (policy(&["warnings"], &["missing-method"]), false, true),
            (policy(&[], &["whole-ctx"]), true, false),
        ];
        for (policy, reports_warning, reports_error) in table {
            assert_eq!(policy.reports(warning), reports_warning, "{policy:?}");
            assert_eq!(policy.reports(error), reports_error, "{policy:?}");
        }
    }

    #[test]
    fn unknown_rule_is_refused() {
        let error = "missing-methods".parse::<Selection>().unwrap_err();
        assert!(error.to_string().contains("missing-methods"));
    }
}
