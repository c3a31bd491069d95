//! What a caller can choose.

use std::{collections::BTreeMap, path::PathBuf};

use crate::kratos::HookPlace;

/// How a file is linted.
#[derive(Clone, Default)]
pub struct Options<'o> {
    /// Folders of the machine that runs Kratos, and where their files are here:
    /// `("/etc/config/kratos", ".")`.
    pub roots: Vec<(String, PathBuf)>,
    /// The hook of a file that is a template, or webhooks without a configuration. The list of
    /// headers is then the default one.
    pub hook: Option<HookPlace>,
    /// Texts that are used in place of files.
    pub texts: BTreeMap<PathBuf, String>,
    /// Fetches templates at `https://`; without it they are not read.
    pub fetch: Option<&'o dyn Fetch>,
}

/// Fetches the template at a URL.
pub trait Fetch {
    /// The text at this URL.
    ///
    /// # Errors
    /// If there is none, or it may not be fetched.
    fn fetch(&self, url: &str) -> Result<String, FetchError>;
}

/// Why a template was not fetched, as the end of a sentence.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);
