//! The fields of a form, taken out one by one by the type that knows them.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::EventError;
use crate::form::Form;

/// Four for each of the 254 characters that SMTP takes (RFC 5321).
const MAX_ADDRESS_BYTES: usize = 4 * 254;

/// The remaining fields of a form, or of one of its branches. It holds no empty strings.
pub(super) struct Fields {
    /// The branch's name; none at the root.
    branch: Option<&'static str>,
    left: Form,
}

impl Fields {
    /// All fields of a form that are not empty.
    pub(super) fn of(form: &Form) -> Self {
        Self { branch: None, left: filled(form) }
    }

    /// Takes out a branch; a missing one has no fields.
    pub(super) fn branch(&mut self, name: &'static str) -> Self {
        Self { branch: Some(name), left: self.optional(name).unwrap_or_default() }
    }

    /// Takes out a field. One that is missing, empty or of another shape is absent.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        T::deserialize(self.left.remove(name)?).ok()
    }

    /// Takes out a required text; the error gives its name in the form.
    pub(super) fn required(&mut self, name: &str) -> Result<String, EventError> {
        self.optional(name).ok_or_else(|| EventError::Missing { field: self.full(name) })
    }

    /// The same for an address, which becomes part of a URL of Ory's and so needs a length limit.
    pub(super) fn address(&mut self, name: &str) -> Result<String, EventError> {
        let address = self.required(name)?;
        if address.len() > MAX_ADDRESS_BYTES {
            return Err(EventError::TooLong { field: self.full(name) });
        }
        Ok(address)
    }

    /// A field's name in the form.
    fn full(&self, name: &str) -> String {
        self.branch.map_or_else(|| name.to_owned(), |branch| format!("{branch}[{name}]"))
    }

    /// The remaining fields.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.left
    }
}

/// A branch without its empty strings and without the branches that are then empty. It recurses
/// once per level, and the form decoder limits those.
fn filled(branch: &Form) -> Form {
    branch.iter().filter_map(|(name, value)| Some((name.clone(), filled_value(value)?))).collect()
}

fn filled_value(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::Object(branch) => {
            Some(filled(branch)).filter(|branch| !branch.is_empty()).map(Value::Object)
        }
        leaf => Some(leaf.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(form: Value) -> Fields {
        Fields::of(form.as_object().expect("an object"))
    }

    #[test]
    fn empty_strings_are_absent_at_every_level() {
        let form = json!({"a": "", "b": " ", "c": {"d": "", "e": "x"}, "f": {"g": {"h": ""}}});
        assert_eq!(Value::Object(fields(form).rest()), json!({"b": " ", "c": {"e": "x"}}));
    }

    #[test]
    fn field_is_taken_once_and_only_in_the_requested_shape() {
        let mut fields = fields(json!({"text": "x", "odd": {"a": "b"}, "more": "y"}));
        assert_eq!(fields.optional("text"), Some("x".to_owned()));
        assert_eq!(fields.optional::<String>("text"), None);
        assert_eq!(fields.optional::<String>("odd"), None);
        assert_eq!(Value::Object(fields.rest()), json!({"more": "y"}));
    }

    #[test]
    fn address_length_is_limited() {
        let form = json!({"data": {"old": "x".repeat(1016), "new": "x".repeat(1017)}});
        let mut data = fields(form).branch("data");
        assert_eq!(data.address("old").map(|address| address.len()), Ok(1016));
        let too_long = EventError::TooLong { field: "data[new]".to_owned() };
        assert_eq!(data.address("new"), Err(too_long));
        assert!(matches!(data.address("none"), Err(EventError::Missing { .. })));
    }

    #[test]
    fn missing_field_is_named_as_in_the_form() {
        let mut root = fields(json!({"data": {"id": "", "email": {"x": "y"}}}));
        let missing = |field: &str| Err(EventError::Missing { field: field.to_owned() });
        assert_eq!(root.required("type"), missing("type"));
        let mut data = root.branch("data");
        assert_eq!(data.required("id"), missing("data[id]"));
        assert_eq!(data.required("email"), missing("data[email]"));
        assert_eq!(root.branch("nothing").required("id"), missing("nothing[id]"));
    }
}
