//! Which hook called. ctx does not say, so our forwarding template adds it.

use serde::{Deserialize, Serialize};

/// When the hook runs, relative to saving the identity.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the identity is saved: nothing that a person can see may happen yet.
    BeforeSave,
    /// After it.
    AfterSave,
    /// An unknown word.
    #[serde(other)]
    Unknown,
}

/// How a backfill adds people with consent and a verified address who are no contacts yet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddAs {
    /// The consent in Ory is the proof.
    Subscribed,
    /// The vendor asks each person.
    Pending,
}

/// The name of [`Hook::add_as`].
pub(super) const ADD_AS: &str = "add_as";

/// The `hook` tag of the forwarding template. Its words are not checked here: a custom template may
/// use others.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Hook {
    /// `registration`, `login`, `settings`, `verification` or `recovery`; without a webhook,
    /// `backfill` or `reconcile`.
    pub flow: Option<String>,
    /// `password`, `oidc`, `code`, …
    pub method: Option<String>,
    /// Before or after the identity is saved.
    pub when: Option<When>,
    /// What the operator of a backfill has said; never from a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_as: Option<AddAs>,
}
