//! Which hook called. ctx does not tell, so our forwarding template adds it.

use serde::Deserialize;

/// When the hook runs, seen from the identity.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the identity is saved: nothing may happen yet that a person can see.
    BeforeSave,
    /// After it.
    AfterSave,
    /// A word that we do not know.
    #[serde(other)]
    Unknown,
}

/// The `hook` tag of the forwarding template. Its words are not checked here: a template of
/// somebody's own may know other ones.
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
