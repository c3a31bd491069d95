//! The result of a check.

use serde::Serialize;

/// Whether the check passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All is well.
    Pass,
    /// It could not be checked, or the response does not say.
    Unknown,
    /// It must be fixed.
    Fail,
}

/// What was checked, what was found, and how to fix it. It never contains a secret or part of one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct CheckResult {
    /// What was checked.
    pub check: String,
    /// Whether it passed.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// How to fix it; empty if nothing needs to be done.
    pub fix: String,
}

impl CheckResult {
    pub(super) fn pass(check: &str, found: impl Into<String>) -> Self {
        Self::of(check, Verdict::Pass, found, "")
    }

    pub(super) fn unknown(check: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(check, Verdict::Unknown, found, fix)
    }

    pub(super) fn fail(check: &str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::of(check, Verdict::Fail, found, fix)
    }

    /// A check that this one depends on failed and has its own finding.
    pub(super) fn skipped(check: &str, missing: &str) -> Self {
        Self::unknown(check, format!("not checked: {missing}"), "")
    }

    fn of(check: &str, verdict: Verdict, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check: check.to_owned(), verdict, found: found.into(), fix: fix.into() }
    }
}
