//! Parses a file into parts: the documents of YAML, or one part in TOML.

use serde_json::{Map, Value};
use toml_edit::{Document, Item, Table, TableLike, TomlError};

use super::NoConfiguration;
use crate::{
    Place,
    placeholder::{self, Filled, Quotes},
    source::{Places, Start},
};

/// The notation of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Notation {
    /// YAML, or JSON, which is YAML.
    Yaml,
    /// TOML.
    Toml,
}

/// A part that was parsed.
pub(super) struct Part {
    /// Its content.
    pub(super) value: Value,
    /// What the paths in it begin with.
    pub(super) prefix: String,
    /// A placeholder that was not filled in, as an example.
    pub(super) placeholder: Option<String>,
    /// Whether lines are missing that a template would insert.
    pub(super) lacks_lines: bool,
    notation: Notation,
    text: String,
    lines_before: usize,
}

impl Part {
    /// One that was not parsed from a text.
    pub(super) fn of_value(value: Value, prefix: &str) -> Self {
        let part = parsed(value, String::new(), Notation::Yaml, None);
        Self { prefix: prefix.to_owned(), ..part }
    }

    /// Where its parts are, in a text that begins there.
    pub(super) fn places(&self, start: Start) -> Places {
        let places = match self.notation {
            Notation::Yaml => Places::of_yaml(&self.text),
            Notation::Toml => Places::of_toml(&self.text),
        };
        let start = match start {
            Start::At(mut place) => {
                place.line += self.lines_before;
                Start::At(place)
            }
            whole @ Start::Whole(_) => whole,
        };
        places.within(&self.prefix, start)
    }
}

/// Parses a text. Of several documents, those that cannot be parsed are left out if another can.
///
/// # Errors
/// If none can be parsed: why not the first.
pub(super) fn parse(text: &str, notation: Notation) -> Result<Vec<Part>, NoConfiguration> {
    let documents = match notation {
        Notation::Yaml => documents(text),
        Notation::Toml => vec![(0, text)],
    };
    let of_several = documents.len() > 1;
    let mut parts = Vec::new();
    let mut refused = None;
    for (position, (lines_before, document)) in documents.into_iter().enumerate() {
        match part(document, notation) {
            Ok(part) => {
                let prefix = if of_several { format!("[{position}].") } else { String::new() };
                parts.push(Part { prefix, lines_before, ..part });
            }
            Err(error) => {
                refused.get_or_insert(error);
            }
        }
    }
    match refused {
        Some(error) if parts.is_empty() => Err(error),
        _ => Ok(parts),
    }
}

/// The documents of a YAML file, and how many lines are before each. Those without content are left
/// out.
fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut from, mut lines_before) = (0, 0);
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_mark = |mark| {
            line.strip_prefix(mark)
                .is_some_and(|rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace))
        };
        if is_mark("---") && at > from {
            documents.push((lines_before, &text[from..at]));
            (from, lines_before) = (at, number);
        } else if is_mark("...") {
            documents.push((lines_before, &text[from..at]));
            (from, lines_before) = (at + line.len(), number + 1);
        }
        at += line.len();
    }
    documents.push((lines_before, &text[from..]));
    let all = documents.len();
    documents.retain(|(_, document)| all == 1 || has_content(document));
    documents
}

fn has_content(document: &str) -> bool {
    let mut lines = document.lines().map(|line| line.strip_prefix("---").unwrap_or(line).trim());
    lines.any(|line| !line.is_empty() && !line.starts_with(['#', '%']))
}

/// A part as it is, or else with words for its placeholders.
fn part(text: &str, notation: Notation) -> Result<Part, NoConfiguration> {
    let mut error = match value(text, notation) {
        Ok(value) => return Ok(parsed(value, text.to_owned(), notation, None)),
        Err(error) => error,
    };
    let quotes = match notation {
        Notation::Yaml => Quotes::None,
        Notation::Toml => Quotes::AfterEquals,
    };
    for kept in [true, false] {
        let Some(filled) = placeholder::fill(text, quotes, kept) else { break };
        match value(&filled.text, notation) {
            Ok(value) => {
                let text = filled.text.clone();
                return Ok(parsed(filled.restore(value), text, notation, Some(&filled)));
            }
            Err(other) => error = other,
        }
    }
    Err(error)
}

fn parsed(value: Value, text: String, notation: Notation, filled: Option<&Filled>) -> Part {
    Part {
        value,
        prefix: String::new(),
        placeholder: filled.map(Filled::example),
        lacks_lines: filled.is_some_and(|filled| filled.lacks_lines),
        notation,
        text,
        lines_before: 0,
    }
}

fn value(text: &str, notation: Notation) -> Result<Value, NoConfiguration> {
    match notation {
        Notation::Yaml => {
            let mut yaml: yaml_serde::Value =
                yaml_serde::from_str(text).map_err(NoConfiguration::Syntax)?;
            yaml.apply_merge().map_err(NoConfiguration::Syntax)?;
            yaml_serde::from_value(yaml).map_err(NoConfiguration::NoJson)
        }
        Notation::Toml => {
            let document = Document::parse(text).map_err(|error| refused(&error, text))?;
            Ok(of_table(document.as_table()))
        }
    }
}

/// In words that quote no line, which may hold a secret.
fn refused(error: &TomlError, text: &str) -> NoConfiguration {
    let Place { line, column } =
        Place::in_text(text, error.span().map(|span| span.start).unwrap_or_default());
    NoConfiguration::Toml(format!("{} at line {line} column {column}", error.message()))
}

fn of_table(table: &dyn TableLike) -> Value {
    let entries = table.iter().map(|(key, item)| (key.to_owned(), of_item(item)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn of_item(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => of_value(value),
        Item::Table(table) => of_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table: &Table| of_table(table)).collect(),
    }
}

fn of_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(*number.value()),
        toml_edit::Value::Boolean(boolean) => Value::from(*boolean.value()),
        toml_edit::Value::Datetime(time) => Value::from(time.value().to_string()),
        toml_edit::Value::Array(values) => values.iter().map(of_value).collect(),
        toml_edit::Value::InlineTable(table) => of_table(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_separated_by_dashes() {
        let table = [
            ("a: 1", vec![(0, "a: 1")]),
            ("---\na: 1\n", vec![(0, "---\na: 1\n")]),
            ("a: 1\n---\nb: 2", vec![(0, "a: 1\n"), (1, "---\nb: 2")]),
            ("a: 1\n...\nb: 2", vec![(0, "a: 1\n"), (2, "b: 2")]),
            ("a: 1\n--- # c\n---\n# d\n", vec![(0, "a: 1\n")]),
            ("a: |\n  ---\n  b\n", vec![(0, "a: |\n  ---\n  b\n")]),
            ("a: 1\n---b: 2", vec![(0, "a: 1\n---b: 2")]),
            ("", vec![(0, "")]),
        ];
        for (text, expected) in table {
            assert_eq!(documents(text), expected, "{text}");
        }
    }

    #[test]
    fn toml_is_the_same_as_json() {
        let text = "x = 1.5\nt = 2020-01-01\nl = [1, {a = true}]\n[[b.c]]\nd = \"e\"\n";
        let expected = serde_json::json!({
            "x": 1.5, "t": "2020-01-01", "l": [1, {"a": true}], "b": {"c": [{"d": "e"}]},
        });
        assert_eq!(value(text, Notation::Toml).unwrap(), expected);
        let parts = parse("a = {{ .Values.x }}\nb = \"${C1}\"", Notation::Toml).unwrap();
        assert_eq!(parts[0].value, serde_json::json!({"a": "{{ .Values.x }}", "b": "${C1}"}));
    }
}
