//! A function in Lambda: as it is, and as its alias serves it.

use std::collections::BTreeMap;

/// A deployed function.
#[derive(Clone)]
pub(super) struct Deployed {
    /// Its name in Lambda.
    pub(super) name: String,
    /// `$LATEST`, of which a version is published.
    pub(super) latest: Configuration,
    /// The version that the alias names.
    pub(super) live: Configuration,
    /// What the alias says.
    pub(super) alias: Alias,
}

/// What a version is made of.
#[derive(Clone)]
pub(super) struct Configuration {
    /// The digest of the code.
    pub(super) code: String,
    /// The environment.
    pub(super) variables: BTreeMap<String, String>,
    /// Changes with each update; an update that names an older one is refused.
    pub(super) revision: String,
}

/// Where the alias points.
#[derive(Clone)]
pub(super) struct Alias {
    /// The version.
    pub(super) version: String,
    /// Whether another version gets a part of the events.
    pub(super) is_shifting: bool,
    /// Changes with each update; an update that names an older one is refused.
    pub(super) revision: String,
}
