//! Loads the text of a template from the reference in a configuration.
//!
//! Source: ory/kratos `oryx/fetcher/fetcher.go`, `request/builder.go`.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};

/// More than the Kratos evaluator accepts; the most that is read of a file.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A resolved reference.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Loaded {
    /// The template.
    Code(String),
    /// The same, from a path without `file://`.
    OldPath(String),
    /// It is at a URL, which is not fetched.
    Remote,
}

/// Why there is no template.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum LoadError {
    /// Kratos expects the standard alphabet with padding, on one line.
    #[error("the text after `base64://` is not standard base64 with padding")]
    Base64,
    /// Apparently the template itself, or anything else; it may contain a key and is not quoted.
    #[error("expected a reference that begins with `base64://`, `file://` or `https://`")]
    NoReference,
    /// A template must be UTF-8.
    #[error("the template is not UTF-8")]
    Utf8,
    /// The file was not found.
    #[error("the file {path} cannot be read: {why}")]
    File {
        /// The path that was tried.
        path: String,
        /// The error.
        why: String,
    },
    /// The file is not a template.
    #[error("the file {0} is over 1 MiB")]
    Huge(String),
}

/// Resolves a reference. A relative path is resolved from `folder`, that of the configuration;
/// Kratos resolves it from its working directory.
///
/// # Errors
/// If it leads to no template.
pub(crate) fn load(reference: &str, folder: &Path) -> Result<Loaded, LoadError> {
    if let Some(encoded) = reference.strip_prefix("base64://") {
        let bytes = STANDARD.decode(encoded).map_err(|_| LoadError::Base64)?;
        return String::from_utf8(bytes).map(Loaded::Code).map_err(|_| LoadError::Utf8);
    }
    if reference.starts_with("http://") || reference.starts_with("https://") {
        return Ok(Loaded::Remote);
    }
    if reference.contains(|character| "{}()\n".contains(character)) {
        return Err(LoadError::NoReference);
    }
    match reference.strip_prefix("file://") {
        Some(path) => read_file(&folder.join(path)).map(Loaded::Code),
        None => read_file(&folder.join(reference)).map(Loaded::OldPath),
    }
}

fn read_file(path: &Path) -> Result<String, LoadError> {
    let shown = || path.display().to_string();
    let unread = |why: &str| LoadError::File { path: shown(), why: why.to_owned() };
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => unread("no such file"),
        other => unread(&other.to_string()),
    };
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.is_file() && about.len() > MAX_FILE_BYTES {
        return Err(LoadError::Huge(shown()));
    }
    if !about.is_file() {
        return Err(unread("not a file"));
    }
    String::from_utf8(std::fs::read(path).map_err(failed)?).map_err(|_| LoadError::Utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_is_resolved_like_kratos() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let load = |reference: &str| load(reference, folder);
        let code = || Ok(Loaded::Code("function(ctx) ctx".to_owned()));
        assert_eq!(load("base64://ZnVuY3Rpb24oY3R4KSBjdHg="), code());
        // Go's `StdEncoding` requires the padding.
        assert_eq!(load("base64://ZnVuY3Rpb24oY3R4KSBjdHg"), Err(LoadError::Base64));
        assert_eq!(load("base64://{ENCODED_JSONNET}"), Err(LoadError::Base64));
        assert_eq!(load("base64:///w=="), Err(LoadError::Utf8));
        assert_eq!(load("function(ctx) ctx"), Err(LoadError::NoReference));
        assert_eq!(load("https://example.com/x.jsonnet"), Ok(Loaded::Remote));
        let forward = include_str!("../../../shared/forward.jsonnet").to_owned();
        let here = "../shared/forward.jsonnet";
        assert_eq!(load(&format!("file://{here}")), Ok(Loaded::Code(forward.clone())));
        assert_eq!(load(here), Ok(Loaded::OldPath(forward)));
        for lost in ["file:///not/there.jsonnet", "not-there.jsonnet", "file://src", ""] {
            assert!(matches!(load(lost), Err(LoadError::File { .. })), "{lost}");
        }
    }
}
