//! A configuration file: of Kratos, or of an Ory project that contains one.

use serde::Serialize;
use serde_json::Value;

/// Where an Ory project keeps the Kratos configuration: `ory get project` and `ory patch project`
/// (ory/cli, `cmd/cloudx/project`). `ory get identity-config` prints only that part.
const IN_A_PROJECT: [&[&str]; 2] =
    [&["services", "identity", "config"], &["project", "services", "identity", "config"]];

/// The kind of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The Kratos configuration, or the output of `ory get identity-config`.
    Kratos,
    /// An Ory project.
    Project,
    /// A template alone.
    Template,
}

/// Why a file is not checked.
#[derive(Debug, thiserror::Error)]
pub enum NoConfiguration {
    /// It cannot be parsed.
    #[error("not valid YAML or JSON")]
    Syntax(#[source] serde_yaml_ng::Error),
    /// It is YAML with something that JSON does not have, such as a number as a key.
    #[error("this YAML has no equivalent in JSON, as a configuration must have")]
    NoJson(#[source] serde_yaml_ng::Error),
    /// It is something else.
    #[error(
        "no `selfservice` found, at the top level or in `services.identity.config`: expected a \
         Kratos configuration, the output of `ory get identity-config` or `ory get project`, or a \
         .jsonnet template"
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
}

impl Configuration {
    /// Parses YAML or JSON; anchors and merge keys are resolved.
    ///
    /// # Errors
    /// If it is not YAML, or not a configuration.
    pub fn read(text: &str) -> Result<Self, NoConfiguration> {
        let mut yaml: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(text).map_err(NoConfiguration::Syntax)?;
        yaml.apply_merge().map_err(NoConfiguration::Syntax)?;
        Self::of(serde_yaml_ng::from_value(yaml).map_err(NoConfiguration::NoJson)?)
    }

    /// The same, for a parsed value.
    ///
    /// # Errors
    /// If it is not a configuration.
    pub fn of(mut file: Value) -> Result<Self, NoConfiguration> {
        let mut kind = Kind::Kratos;
        let mut prefix = String::new();
        if file.get("selfservice").is_none() {
            let found = IN_A_PROJECT.into_iter().find(|keys| {
                at(&file, keys).is_some_and(|config| config.get("selfservice").is_some())
            });
            let keys = found.ok_or(NoConfiguration::NoSelfservice)?;
            kind = Kind::Project;
            prefix = format!("{}.", keys.join("."));
            file = at(&file, keys).cloned().unwrap_or_default();
        }
        let configuration = Self { kind, prefix, root: file };
        for keys in [&["selfservice"][..], &["selfservice", "flows"], &["selfservice", "methods"]] {
            configuration.wants_a_map(keys)?;
        }
        Ok(configuration)
    }

    fn wants_a_map(&self, keys: &[&str]) -> Result<(), NoConfiguration> {
        match self.at(keys) {
            None | Some(Value::Null | Value::Object(_)) => Ok(()),
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

    /// Converts a path in the Kratos configuration to one in the file.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
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
            ("a: 1\n---\nb: 2", "not valid YAML or JSON"),
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
