//! Configurations of Kratos: as a file of their own, or in another file.
//!
//! `ory get project` and `ory patch project` (ory/cli, `cmd/cloudx/project`) have them at
//! `services.identity.config`, `ory get identity-config` prints only that part. The values of the
//! chart `kratos` of ory/k8s have them at `kratos.config`, and a `ConfigMap` as a text.

mod hooks;
mod parts;
mod search;

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

pub(crate) use self::hooks::read_hooks;
use self::parts::Notation;
pub(crate) use self::search::{Contents, Texts};
use crate::{
    placeholder,
    source::{Key, Places, keys},
};

/// The kind of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The Kratos configuration, or the output of `ory get identity-config`.
    Kratos,
    /// An Ory project.
    Project,
    /// Values of a Helm chart.
    Helm,
    /// A Kubernetes manifest that holds the configuration as a text.
    Kubernetes,
    /// Another file that holds the configuration as a text.
    Text,
    /// Terraform resources of the provider `ory/ory`.
    Terraform,
    /// Webhooks without a configuration.
    Hooks,
    /// A template alone.
    Template,
}

impl Kind {
    /// Whether the webhooks run in Ory Network, which reads no files and calls no private address.
    pub fn is_network(self) -> bool {
        matches!(self, Self::Project | Self::Terraform)
    }

    /// Whether the file holds all of the configuration. Terraform has one resource for each webhook
    /// and leaves the rest to the project.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::Terraform | Self::Hooks)
    }
}

/// Why a file is not checked.
#[derive(Debug, thiserror::Error)]
pub enum NoConfiguration {
    /// It cannot be parsed.
    #[error("not valid YAML or JSON")]
    Syntax(#[source] yaml_serde::Error),
    /// It is YAML with something that JSON does not have, such as a number as a key.
    #[error("this YAML has no equivalent in JSON, as a configuration must have")]
    NoJson(#[source] yaml_serde::Error),
    /// It is not TOML.
    #[error("not valid TOML: {0}")]
    Toml(String),
    /// It is not Terraform.
    #[error("not valid Terraform: {0}")]
    Terraform(String),
    /// It has no webhook.
    #[error("no resource `ory_action` found")]
    NoAction,
    /// It is something else.
    #[error(
        "no `selfservice` found: expected a Kratos configuration, the output of `ory get \
         identity-config` or `ory get project`, values of the Helm chart, a `ConfigMap`, a Terraform \
         file (.tf), or a .jsonnet template; `--hook LIST` reads webhooks alone"
    )]
    NoSelfservice,
    /// A part has the wrong type, so nothing below it can be checked.
    #[error("expected `{path}` to be a map, got {found}")]
    NoMap {
        /// Which part.
        path: String,
        /// The type that it has.
        found: &'static str,
    },
}

/// A configuration with a `selfservice` section.
pub struct Configuration {
    /// The kind of the file.
    pub kind: Kind,
    prefix: String,
    root: Value,
    places: Places,
    placeholder: Option<String>,
    lacks_lines: bool,
}

impl Configuration {
    /// Parses YAML or JSON; anchors and merge keys are resolved. Of several configurations in a
    /// file, this is the first.
    ///
    /// # Errors
    /// If it is not YAML, or not a configuration.
    pub fn read(text: &str) -> Result<Self, NoConfiguration> {
        let contents = Contents::read(text, Notation::Yaml)?;
        contents.configurations.into_iter().next().ok_or(NoConfiguration::NoSelfservice)
    }

    /// One that consists only of what Terraform says.
    pub(crate) fn of_terraform(root: Value, places: Places) -> Self {
        Self::of(Kind::Terraform, String::new(), root, places)
    }

    fn of(kind: Kind, prefix: String, root: Value, places: Places) -> Self {
        Self { kind, prefix, root, places, placeholder: None, lacks_lines: false }
    }

    fn with_placeholders(self, placeholder: Option<String>, lacks_lines: bool) -> Self {
        Self { placeholder, lacks_lines, ..self }
    }

    fn checked(self) -> Result<Self, NoConfiguration> {
        for keys in [&["selfservice"][..], &["selfservice", "flows"], &["selfservice", "methods"]] {
            self.wants_a_map(keys)?;
        }
        Ok(self)
    }

    fn wants_a_map(&self, keys: &[&str]) -> Result<(), NoConfiguration> {
        match self.at(keys) {
            None | Some(Value::Null | Value::Object(_)) => Ok(()),
            Some(Value::String(text)) if placeholder::is_in(text) => Ok(()),
            Some(other) => Err(NoConfiguration::NoMap {
                path: self.path(&keys.join(".")),
                found: type_of(other),
            }),
        }
    }

    /// The value under these keys of the Kratos configuration.
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        at(&self.root, keys)
    }

    /// The value at a path in the file.
    pub(crate) fn value(&self, path: &str) -> Option<&Value> {
        let keys = keys(path.strip_prefix(&self.prefix)?);
        keys.iter().try_fold(&self.root, |value, key| match key {
            Key::Name(name) => value.get(name),
            Key::Index(position) => value.get(position),
        })
    }

    /// Whether a part is not set, in a part that is.
    pub(crate) fn lacks(&self, path: &str) -> bool {
        let Some((around, _)) = path.rsplit_once('.') else { return false };
        let has = |path| match self.kind {
            Kind::Terraform => self.places.has(path),
            _ => self.value(path).is_some(),
        };
        // Nothing has the path of a key with a dot in it, and what is around that is not known.
        !has(path) && has(around)
    }

    /// Where the parts of the file are.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// A placeholder that had to be replaced so that the file could be parsed.
    pub(crate) fn placeholder(&self) -> Option<&str> {
        self.placeholder.as_deref()
    }

    /// Whether lines are missing that a template would insert.
    pub(crate) fn lacks_lines(&self) -> bool {
        self.lacks_lines
    }

    /// Converts a path in the Kratos configuration to one in the file.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

/// Reads every configuration in a file with this name. Without a name that says what it is, it is
/// YAML or else TOML.
///
/// # Errors
/// If it cannot be parsed, or has none.
pub(crate) fn read_file(file: &Path, text: &str) -> Result<Contents, NoConfiguration> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let contents = match extension {
        Some("toml") => Contents::read(text, Notation::Toml)?,
        Some("yaml" | "yml" | "json") => Contents::read(text, Notation::Yaml)?,
        _ => match Contents::read(text, Notation::Yaml) {
            Ok(contents) if !contents.configurations.is_empty() => contents,
            of_yaml => match Contents::read(text, Notation::Toml) {
                Ok(contents) if !contents.configurations.is_empty() => contents,
                _ => of_yaml?,
            },
        },
    };
    match (contents.configurations.is_empty(), contents.unread.is_empty()) {
        (false, _) => Ok(contents),
        (true, true) => Err(NoConfiguration::NoSelfservice),
        (true, false) => {
            let first = contents.unread.into_iter().next();
            Err(first.map_or(NoConfiguration::NoSelfservice, |(_, error)| error))
        }
    }
}

fn at<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// The name of a type for people.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn kind(text: &str) -> Result<(Kind, String), String> {
        let shown = |error: NoConfiguration| match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        Configuration::read(text).map(|read| (read.kind, read.path("x"))).map_err(shown)
    }

    #[test]
    fn file_is_a_kratos_or_project_configuration() {
        let kratos = || Ok((Kind::Kratos, "x".to_owned()));
        let project =
            |prefix: &str| Ok((Kind::Project, format!("{prefix}services.identity.config.x")));
        assert_eq!(kind("selfservice:\n  flows: {}"), kratos());
        assert_eq!(kind(r#"{"selfservice": null}"#), kratos());
        assert_eq!(kind("services: {identity: {config: {selfservice: {}}}}"), project(""));
        let patched = r#"{"project": {"services": {"identity": {"config": {"selfservice": {}}}}}}"#;
        assert_eq!(kind(patched), project("project."));
    }

    #[test]
    fn invalid_configuration_is_reported() {
        let table = [
            ("", "no `selfservice`"),
            ("[]", "no `selfservice`"),
            ("a: b", "no `selfservice`"),
            ("a: [", "not valid YAML or JSON"),
            ("\u{0}", "not valid YAML or JSON"),
            ("{1: 2, selfservice: {}}", "expected a string key"),
            ("selfservice: 1", "expected `selfservice` to be a map, got a number"),
            ("selfservice: {flows: []}", "expected `selfservice.flows` to be a map, got a list"),
            ("a: 1\n---\nb: 2", "no `selfservice`"),
        ];
        for (text, part) in table {
            let error = kind(text).unwrap_err();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn merge_keys_are_followed() {
        let text = "a: &a {flows: {login: {}}}\nselfservice: {<<: *a}";
        let configuration = Configuration::read(text).unwrap();
        assert!(configuration.at(&["selfservice", "flows", "login"]).is_some());
    }
}
