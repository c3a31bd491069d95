//! The vendor's key over one delivery: where the vendor refuses it, it is fetched afresh, once.

use secrecy::SecretString;

use crate::{
    outcome::{Blocked, Outcome},
    secrets::{ApiKey, KeyProblem},
};

/// A key, and where a fresh one comes from.
pub(super) struct RefreshOnce<'a> {
    source: &'a ApiKey,
    key: SecretString,
    is_fresh: bool,
}

impl<'a> RefreshOnce<'a> {
    /// The key that is at hand.
    ///
    /// # Errors
    /// The outcome of an event for which there is no key.
    pub(super) async fn open(source: &'a ApiKey) -> Result<Self, Outcome> {
        let key = source.get().await.map_err(|problem| outcome(&problem))?;
        Ok(Self { source, key, is_fresh: false })
    }

    /// The key to call with.
    pub(super) fn key(&self) -> &SecretString {
        &self.key
    }

    /// Whether the vendor has refused a key that may be an old one.
    pub(super) fn is_outdated(&self, outcome: &Outcome) -> bool {
        !self.is_fresh && matches!(outcome, Outcome::Blocked(Blocked::BadKey))
    }

    /// Fetches the key afresh: it may have been rotated.
    ///
    /// # Errors
    /// The outcome of an event for which there is no fresh key.
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
