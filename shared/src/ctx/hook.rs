//! Which hook called. ctx does not say, so our forwarding template adds it.

use serde::Deserialize;

/// When the hook runs, relative to saving the identity.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
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

/// The `hook` tag of the forwarding template. Its words are not checked here: a custom template may
/// use others.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
pub struct Hook {
    /// `registration`, `login`, `settings`, `verification` or `recovery`.
    pub flow: Option<String>,
    /// `password`, `oidc`, `code`, …
    pub method: Option<String>,
    /// Before or after the identity is saved.
    pub when: Option<When>,
}
