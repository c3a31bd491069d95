//! What a check came to.

use serde::Serialize;

/// Whether somebody has to act.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All is well.
    Good,
    /// It could not be looked at, or does not tell.
    Unsure,
    /// Something must be done.
    Mend,
}

/// What was checked, what was found, and what to do. It holds no secret, nor a part of one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// Whether somebody has to act.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty where there is nothing.
    pub mend: String,
}

impl Finding {
    pub(super) fn good(check: &str, found: impl Into<String>) -> Self {
        Self::of(check, Verdict::Good, found, "")
    }

    pub(super) fn unsure(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::of(check, Verdict::Unsure, found, mend)
    }

    pub(super) fn mend(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::of(check, Verdict::Mend, found, mend)
    }

    /// What this one rests on is at fault itself, and has a finding of its own.
    pub(super) fn skipped(check: &str, missing: &str) -> Self {
        Self::unsure(check, format!("not looked at: {missing}"), "")
    }

    fn of(
        check: &str,
        verdict: Verdict,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { check: check.to_owned(), verdict, found: found.into(), mend: mend.into() }
    }
}
