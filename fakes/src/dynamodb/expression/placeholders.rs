//! The names and values that a request provides for its expressions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::dynamodb::attribute::Attribute;

const NAMES: &str = "ExpressionAttributeNames";
const VALUES: &str = "ExpressionAttributeValues";

/// The placeholders of a request, and which of them were used.
pub(crate) struct Placeholders {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, Attribute>,
    used: BTreeSet<String>,
}

impl Placeholders {
    /// Parses them from a request.
    pub(crate) fn read(input: &Value) -> Result<Self, String> {
        Ok(Self {
            names: map(input, NAMES, '#', |value| {
                value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is not a name"))
            })?,
            values: map(input, VALUES, ':', Attribute::read)?,
            used: BTreeSet::new(),
        })
    }

    /// The name that a `#placeholder` stands for.
    pub(super) fn name(&mut self, placeholder: &str) -> Result<String, String> {
        self.used.insert(placeholder.to_owned());
        self.names.get(placeholder).cloned().ok_or_else(|| {
            "An expression attribute name used in the document path is not defined; attribute \
             name: "
                .to_owned()
                + placeholder
        })
    }

    /// The value that a `:placeholder` stands for.
    pub(super) fn value(&mut self, placeholder: &str) -> Result<Attribute, String> {
        self.used.insert(placeholder.to_owned());
        self.values.get(placeholder).cloned().ok_or_else(|| {
            "An expression attribute value used in expression is not defined; attribute value: "
                .to_owned()
                + placeholder
        })
    }

    /// Rejects placeholders that no expression uses.
    pub(crate) fn check_all_used(&self) -> Result<(), String> {
        self.check_used(NAMES, self.names.keys())?;
        self.check_used(VALUES, self.values.keys())
    }

    fn check_used<'a>(
        &self,
        field: &str,
        placeholders: impl Iterator<Item = &'a String>,
    ) -> Result<(), String> {
        let unused: Vec<_> =
            placeholders.filter(|one| !self.used.contains(*one)).cloned().collect();
        if unused.is_empty() {
            return Ok(());
        }
        let unused = unused.join(", ");
        Err(format!("Value provided in {field} unused in expressions: keys: {{{unused}}}"))
    }
}

/// Parses one of the two maps, whose keys start with `prefix`.
fn map<T>(
    input: &Value,
    field: &str,
    prefix: char,
    read: impl Fn(&Value) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    if input[field] == json!({}) {
        return Err(format!("{field} must not be empty"));
    }
    let entries = input[field].as_object().into_iter().flatten();
    let read = |(key, value): (&String, &Value)| {
        if !key.starts_with(prefix) {
            return Err(format!("{field} contains invalid key: Syntax error; key: \"{key}\""));
        }
        let value =
            read(value).map_err(|error| format!("{field} contains invalid value: {error}"))?;
        Ok((key.clone(), value))
    };
    entries.map(read).collect()
}
