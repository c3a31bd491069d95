//! Where a template comes from.

use std::{path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::config::{ConfigError, Environment};

/// A template's text and the name that faults show for it.
#[derive(Clone)]
pub struct Source {
    name: Arc<str>,
    code: Arc<str>,
}

impl Source {
    /// A template compiled into the binary.
    pub fn shipped(name: &str, code: &str) -> Self {
        Self { name: name.into(), code: code.into() }
    }

    /// The template that `variable` names: `base64://…` (the standard alphabet with padding, as
    /// Kratos reads it) or `file:///…`; `None` where the variable is unset.
    ///
    /// # Errors
    /// If the variable holds something else, or the file cannot be read.
    pub fn from_env(
        env: &Environment,
        variable: &'static str,
    ) -> Result<Option<Self>, ConfigError> {
        env.optional(variable).map(|location| Self::load(variable, location)).transpose()
    }

    fn load(variable: &'static str, location: &str) -> Result<Self, ConfigError> {
        let wrong = |what: &str| ConfigError::new(variable, what);
        if let Some(encoded) = location.strip_prefix("base64://") {
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|_| wrong("wanted standard base64 with padding after `base64://`"))?;
            let code = String::from_utf8(bytes).map_err(|_| wrong("wanted UTF-8 in the base64"))?;
            Ok(Self::shipped(variable, &code))
        } else if let Some(path) = location.strip_prefix("file://").filter(|p| p.starts_with('/')) {
            let code = std::fs::read_to_string(path)
                .map_err(|error| wrong(&format!("wanted a readable file: {}", error.kind())))?;
            let name = Path::new(path).file_name().and_then(|name| name.to_str());
            Ok(Self::shipped(name.unwrap_or(variable), &code))
        } else {
            Err(wrong("wanted `base64://…` or `file:///…`"))
        }
    }

    /// The name that faults show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn code(&self) -> &str {
        &self.code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(location: &str) -> Result<Option<Source>, ConfigError> {
        Source::from_env(&Environment::of([("TEMPLATE", location)]), "TEMPLATE")
    }

    #[test]
    fn template_is_inline_or_a_file() {
        let inline = load("base64://ZnVuY3Rpb24oY3R4KSBjdHg=").unwrap().unwrap();
        assert_eq!((inline.name(), inline.code()), ("TEMPLATE", "function(ctx) ctx"));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let file = load(&format!("file://{path}")).unwrap().unwrap();
        assert_eq!(file.name(), "README.md");
        assert!(load("").unwrap().is_none());
    }

    #[test]
    fn invalid_template_source_stops_startup() {
        for location in [
            "base64://ZnVuY3Rpb24oY3R4KSBjdHg",
            "base64://***",
            "base64:///w==",
            "file:///does/not/exist.jsonnet",
            "file://relative.jsonnet",
            "https://example.com/template.jsonnet",
            "function(ctx) ctx",
        ] {
            let error = load(location).err().unwrap_or_else(|| panic!("{location} is taken"));
            assert_eq!(error.variable, "TEMPLATE");
        }
    }
}
