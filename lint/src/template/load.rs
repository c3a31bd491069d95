//! Loads the text of a template from the reference in a configuration.
//!
//! Source: ory/kratos `oryx/fetcher/fetcher.go`, `request/builder.go`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::files::{Candidate, Files};
use crate::{Fetch, Options, configuration::Texts};

/// More than the Kratos evaluator accepts; the most that is read of a file.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where templates come from.
pub(crate) struct Library<'o> {
    files: Files<'o>,
    texts: &'o Texts,
    fetch: Option<&'o dyn Fetch>,
    instead: &'o BTreeMap<PathBuf, String>,
}

/// A template that was read.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Loaded {
    /// Its text.
    pub(crate) code: String,
    /// Where it was.
    pub(crate) origin: Origin,
    /// Whether the reference is a path without `file://`.
    pub(crate) is_old_path: bool,
}

/// Where a template was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// In the reference itself, or at its URL.
    Reference,
    /// In the file that the reference names.
    File(PathBuf),
    /// In another file of that name.
    Instead(PathBuf),
    /// In the file of the configuration, under the name of the file.
    Beside(String),
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
    #[error("the file {path} cannot be read: {why}{}", several(others))]
    File {
        /// The path that was tried.
        path: String,
        /// The error.
        why: String,
        /// Files of that name elsewhere.
        others: Vec<PathBuf>,
    },
    /// It is at a URL, and there is nothing that fetches it.
    #[error("the template is at a URL and was not fetched")]
    Remote,
    /// It is at a URL and cannot be fetched.
    #[error("the template cannot be fetched: {0}")]
    NotFetched(String),
    /// The file is not a template.
    #[error("the file {0} is over 1 MiB")]
    Huge(String),
}

/// The files that somebody may mean.
fn several(others: &[PathBuf]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let names: Vec<_> = others.iter().map(|file| format!("`{}`", file.display())).collect();
    format!(". Files of that name: {}", names.join(", "))
}

impl<'o> Library<'o> {
    /// The templates around a configuration in this folder, or in its file.
    pub(crate) fn new(folder: &'o Path, texts: &'o Texts, options: &'o Options<'_>) -> Self {
        Self {
            files: Files::new(folder, &options.roots),
            texts,
            fetch: options.fetch,
            instead: &options.texts,
        }
    }

    /// Resolves a reference. Kratos resolves a relative path from its working directory; what that
    /// is and which files are there is not known here, so a file of that name will do.
    ///
    /// # Errors
    /// If it leads to no template.
    pub(crate) fn load(&self, reference: &str) -> Result<Loaded, LoadError> {
        let loaded = |code, origin| Loaded { code, origin, is_old_path: false };
        if let Some(encoded) = reference.strip_prefix("base64://") {
            let bytes = STANDARD.decode(encoded).map_err(|_| LoadError::Base64)?;
            let code = String::from_utf8(bytes).map_err(|_| LoadError::Utf8)?;
            return Ok(loaded(code, Origin::Reference));
        }
        if reference.starts_with("http://") || reference.starts_with("https://") {
            let fetch = self.fetch.ok_or(LoadError::Remote)?;
            let code = fetch.fetch(reference).map_err(|why| LoadError::NotFetched(why.0))?;
            return Ok(loaded(code, Origin::Reference));
        }
        if reference.contains(|character| "{}()\n".contains(character)) {
            return Err(LoadError::NoReference);
        }
        let path = reference.strip_prefix("file://");
        let (code, origin) = self.file(path.unwrap_or(reference))?;
        Ok(Loaded { code, origin, is_old_path: path.is_none() })
    }

    fn file(&self, path: &str) -> Result<(String, Origin), LoadError> {
        if let Some(file) = self.files.rooted(path) {
            return Ok((read_file(&file)?, Origin::File(file)));
        }
        let name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name
            && let Some(Some(code)) = self.texts.get(&name)
        {
            return Ok((code.clone(), Origin::Beside(name)));
        }
        match self.files.find(path) {
            Ok(Candidate::Named(file)) => Ok((self.read(&file)?, Origin::File(file))),
            Ok(Candidate::Instead(file)) => Ok((self.read(&file)?, Origin::Instead(file))),
            // For the error of the file where it should be.
            Err(others) => match read_file(&self.files.named(path)) {
                Err(LoadError::File { path, why, .. }) => {
                    Err(LoadError::File { path, why, others })
                }
                other => other.map(|code| (code, Origin::File(self.files.named(path)))),
            },
        }
    }

    fn read(&self, file: &Path) -> Result<String, LoadError> {
        self.instead.get(file).map_or_else(|| read_file(file), |text| Ok(text.clone()))
    }
}

/// Reads a template from a file.
///
/// # Errors
/// If there is none, or it is no text of a template's size.
pub(crate) fn read_file(path: &Path) -> Result<String, LoadError> {
    let shown = || path.display().to_string();
    let unread =
        |why: &str| LoadError::File { path: shown(), why: why.to_owned(), others: Vec::new() };
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
    use crate::FetchError;

    #[test]
    fn reference_is_resolved_like_kratos() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let (texts, options) = (Texts::new(), Options::default());
        let library = Library::new(&folder, &texts, &options);
        let load = |reference: &str| library.load(reference);
        let code = load("base64://ZnVuY3Rpb24oY3R4KSBjdHg=").unwrap();
        assert_eq!((code.code.as_str(), code.origin), ("function(ctx) ctx", Origin::Reference));
        // Go's `StdEncoding` requires the padding.
        assert_eq!(load("base64://ZnVuY3Rpb24oY3R4KSBjdHg"), Err(LoadError::Base64));
        assert_eq!(load("base64://{ENCODED_JSONNET}"), Err(LoadError::Base64));
        assert_eq!(load("base64:///w=="), Err(LoadError::Utf8));
        assert_eq!(load("function(ctx) ctx"), Err(LoadError::NoReference));
        assert_eq!(load("https://example.com/x.jsonnet"), Err(LoadError::Remote));
        let forward = include_str!("../../../shared/forward.jsonnet").to_owned();
        let here = "../../shared/forward.jsonnet";
        for (reference, is_old_path) in [(format!("file://{here}"), false), (here.to_owned(), true)]
        {
            let origin = Origin::File(folder.join(here));
            let loaded = Loaded { code: forward.clone(), origin, is_old_path };
            assert_eq!(load(&reference), Ok(loaded));
        }
        for lost in ["file:///not/there.jsonnet", "not-there.jsonnet", "file://rules", ""] {
            assert!(matches!(load(lost), Err(LoadError::File { .. })), "{lost}");
        }
    }

    #[test]
    fn template_in_the_same_file_comes_first() {
        let texts = [("a.jsonnet", Some("{}")), ("b.jsonnet", None)];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.map(str::to_owned)));
        let (texts, options) = (Texts::from(texts), Options::default());
        let library = Library::new(Path::new("src"), &texts, &options);
        let loaded = library.load("file:///etc/config/a.jsonnet").unwrap();
        assert_eq!(loaded.origin, Origin::Beside("a.jsonnet".to_owned()));
        assert!(matches!(library.load("file:///b.jsonnet"), Err(LoadError::File { .. })));
    }

    struct Fake;

    impl Fetch for Fake {
        fn fetch(&self, url: &str) -> Result<String, FetchError> {
            url.strip_prefix("https://").map(str::to_owned).ok_or_else(|| FetchError("no".into()))
        }
    }

    #[test]
    fn template_at_a_url_is_fetched() {
        let (texts, options) = (Texts::new(), Options { fetch: Some(&Fake), ..Options::default() });
        let library = Library::new(Path::new(""), &texts, &options);
        assert_eq!(library.load("https://x").map(|loaded| loaded.code), Ok("x".to_owned()));
        assert_eq!(library.load("http://x"), Err(LoadError::NotFetched("no".to_owned())));
    }
}
