//! The vendor's API key during one delivery: if the vendor rejects it, it is fetched again, once.

use secrecy::SecretString;

use crate::{
    outcome::{Blocked, Outcome},
    secrets::{ApiKey, KeyProblem},
};

/// An API key, and where to fetch it.
pub(super) struct RefreshOnce<'a> {
    source: &'a ApiKey,
    key: SecretString,
    is_fresh: bool,
}

impl<'a> RefreshOnce<'a> {
    /// The cached key.
    ///
    /// # Errors
    /// The outcome of an event without a key.
    pub(super) async fn open(source: &'a ApiKey) -> Result<Self, Outcome> {
        let key = source.get().await.map_err(|problem| outcome(&problem))?;
        Ok(Self { source, key, is_fresh: false })
    }

    /// The key to call with.
    pub(super) fn key(&self) -> &SecretString {
        &self.key
    }

    /// Whether the vendor has rejected a key that may be outdated.
    pub(super) fn is_outdated(&self, outcome: &Outcome) -> bool {
        !self.is_fresh && matches!(outcome, Outcome::Blocked(Blocked::BadKey))
    }

    /// Fetches the key again: it may have been rotated.
    ///
    /// # Errors
    /// The outcome of an event without a fresh key.
    pub(super) async fn renew(&mut self) -> Result<(), Outcome> {
        self.key = self.source.fresh().await.map_err(|problem| outcome(&problem))?;
        self.is_fresh = true;
        Ok(())
    }
}

fn outcome(problem: &KeyProblem) -> Outcome {
    match problem {
        KeyProblem::Unreachable(_) => Outcome::try_later(problem.to_string()),
        other => Outcome::blocked(other.to_string()),
    }
}
