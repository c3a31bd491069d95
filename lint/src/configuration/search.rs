//! Finds the Kratos configurations in a file, wherever they are in it.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

use super::{
    Configuration, Kind, NoConfiguration,
    parts::{Notation, Part, parse},
};
use crate::{
    Place,
    source::{Key, Places, Start},
};

/// How deep a text may be within texts.
const MAX_TEXTS: usize = 3;

/// Templates that the file itself contains, such as the other keys of a `ConfigMap`, by file name.
/// `None`: there are several of that name.
pub(crate) type Texts = BTreeMap<String, Option<String>>;

/// What a file contains.
#[derive(Default)]
pub(crate) struct Contents {
    /// The configurations, in their order.
    pub(crate) configurations: Vec<Configuration>,
    /// The templates beside them.
    pub(crate) texts: Texts,
    /// Texts that look like a configuration and cannot be read, by path.
    pub(crate) unread: Vec<(String, NoConfiguration)>,
}

impl Contents {
    /// Those of a text in this notation.
    ///
    /// # Errors
    /// If it cannot be parsed, or a configuration in it has the wrong form.
    pub(super) fn read(text: &str, notation: Notation) -> Result<Self, NoConfiguration> {
        let mut contents = Self::default();
        contents.search_text(text, notation, &Outside::FILE)?;
        Ok(contents)
    }

    /// Adds the configurations in a value that is at this place of a file. Those that have the wrong
    /// form are told.
    pub(crate) fn search_value(&mut self, value: &Value, prefix: &str, place: Place) {
        let part = Part::of_value(value.clone(), prefix);
        let outside = Outside { start: Start::Whole(Some(place)), ..Outside::FILE };
        let mut search = Search::new(&part, &outside);
        if let Err(error) = search.value(&part.value, self) {
            self.unread.push((prefix.trim_end_matches('.').to_owned(), error));
        }
    }

    fn search_text(
        &mut self,
        text: &str,
        notation: Notation,
        outside: &Outside,
    ) -> Result<(), NoConfiguration> {
        for mut part in parse(text, notation)? {
            part.prefix = format!("{}{}", outside.prefix, part.prefix);
            let mut search = Search::new(&part, outside);
            search.value(&part.value, self)?;
        }
        Ok(())
    }
}

/// What is around a text.
struct Outside {
    prefix: String,
    start: Start,
    /// The kind of the configurations in it, if that is known.
    kind: Option<Kind>,
    depth: usize,
}

impl Outside {
    const FILE: Self = Self { prefix: String::new(), start: Start::FILE, kind: None, depth: 0 };
}

struct Search<'p> {
    part: &'p Part,
    outside: &'p Outside,
    places: Option<Places>,
    keys: Vec<Key>,
    /// Whether a map around this is a Kubernetes manifest.
    is_in_manifest: bool,
}

impl<'p> Search<'p> {
    fn new(part: &'p Part, outside: &'p Outside) -> Self {
        let is_in_manifest = outside.kind == Some(Kind::Kubernetes);
        Self { part, outside, places: None, keys: Vec::new(), is_in_manifest }
    }

    fn value(&mut self, value: &Value, contents: &mut Contents) -> Result<(), NoConfiguration> {
        match value {
            Value::Object(map) if self.is_configuration(value) => {
                let configuration = Configuration::of(
                    self.kind(),
                    self.path(),
                    Value::Object(map.clone()),
                    self.places(),
                );
                let configuration = configuration
                    .with_placeholders(self.part.placeholder.clone(), self.part.lacks_lines);
                contents.configurations.push(configuration.checked()?);
            }
            Value::Object(map) => {
                let is_in_manifest = self.is_in_manifest;
                self.is_in_manifest |= is_manifest(map);
                for (key, value) in map {
                    self.keys.push(Key::Name(key.clone()));
                    self.value(value, contents)?;
                    self.keys.pop();
                }
                self.is_in_manifest = is_in_manifest;
            }
            Value::Array(values) => {
                for (position, value) in values.iter().enumerate() {
                    self.keys.push(Key::Index(position));
                    self.value(value, contents)?;
                    self.keys.pop();
                }
            }
            Value::String(text) => self.text(text, contents),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    /// At the top `selfservice` may be anything, and its form is checked; elsewhere it is a map.
    fn is_configuration(&self, value: &Value) -> bool {
        value
            .get("selfservice")
            .is_some_and(|selfservice| self.keys.is_empty() || selfservice.is_object())
    }

    fn kind(&self) -> Kind {
        if self.ends_with(&["services", "identity", "config"]) {
            Kind::Project
        } else if self.ends_with(&["kratos", "config"]) {
            Kind::Helm
        } else {
            self.outside.kind.unwrap_or(Kind::Kratos)
        }
    }

    fn ends_with(&self, names: &[&str]) -> bool {
        let is_name = |(key, name): (&Key, &&str)| matches!(key, Key::Name(key) if key == name);
        let (keys, names) = (self.keys.iter().rev(), names.iter().rev());
        self.keys.len() >= names.len() && keys.zip(names).all(is_name)
    }

    /// A text in the file: a template, or a file in a `ConfigMap`.
    fn text(&mut self, text: &str, contents: &mut Contents) {
        let name = self.keys.iter().rev().find_map(|key| match key {
            Key::Name(name) => Some(name),
            Key::Index(_) => None,
        });
        let name = name.map(String::as_str).unwrap_or_default();
        if extension(name) == Some("jsonnet") {
            let others = contents.texts.entry(name.to_owned());
            others
                .and_modify(|other| *other = other.take().filter(|other| other == text))
                .or_insert_with(|| Some(text.to_owned()));
            return;
        }
        if self.outside.depth >= MAX_TEXTS || !may_be_configuration(name, text) {
            return;
        }
        let notation = match extension(name) {
            Some("toml") => Notation::Toml,
            _ => Notation::Yaml,
        };
        let outside = Outside {
            prefix: self.path(),
            start: self.places().start_of(&self.keys),
            kind: Some(if self.is_in_manifest { Kind::Kubernetes } else { Kind::Text }),
            depth: self.outside.depth + 1,
        };
        if let Err(error) = contents.search_text(text, notation, &outside) {
            contents.unread.push((self.path().trim_end_matches('.').to_owned(), error));
        }
    }

    /// The path of what is searched, with a dot behind it.
    fn path(&self) -> String {
        let mut path = self.part.prefix.clone();
        for key in &self.keys {
            match key {
                Key::Name(name) => path.push_str(name),
                Key::Index(position) => {
                    path.truncate(path.trim_end_matches('.').len());
                    path.extend(["[", &position.to_string(), "]"]);
                }
            }
            path.push('.');
        }
        path
    }

    fn places(&mut self) -> Places {
        let (part, start) = (self.part, self.outside.start);
        self.places.get_or_insert_with(|| part.places(start)).clone()
    }
}

/// Whether a map is a Kubernetes manifest, in which these keys are required.
fn is_manifest(map: &Map<String, Value>) -> bool {
    ["apiVersion", "kind"].iter().all(|key| map.contains_key(*key))
}

/// Whether a text in a file may be a configuration.
fn may_be_configuration(name: &str, text: &str) -> bool {
    let is_file = matches!(extension(name), Some("yaml" | "yml" | "json" | "toml"));
    (is_file || text.contains('\n')) && text.contains("selfservice")
}

fn extension(name: &str) -> Option<&str> {
    Path::new(name).extension().and_then(|extension| extension.to_str())
}
