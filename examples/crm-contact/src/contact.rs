//! Turns the template output into a call that the CRM accepts.

use std::fmt;

use serde_json::{Map, Value};
use shared::deliver::Rendered;

/// One contact, to be created or updated.
pub(crate) struct Contact(Map<String, Value>);

impl fmt::Debug for Contact {
    /// Personal data, not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a contact")
    }
}

impl Contact {
    /// Validates the template output.
    ///
    /// # Errors
    /// The broken rule.
    pub(crate) fn prepare(rendered: Rendered) -> Result<Self, &'static str> {
        let inputs = rendered.get("inputs").and_then(Value::as_array).map(Vec::as_slice);
        let Some([contact]) = inputs else { return Err("`inputs` is not exactly one contact") };
        match contact["id"].as_str() {
            None | Some("") => Err("the contact has no `id`"),
            Some(_) if !contact["properties"].is_object() => Err("`properties` is no object"),
            Some(_) => Ok(Self(rendered)),
        }
    }

    /// The JSON that is sent.
    pub(crate) fn body(&self) -> String {
        Value::from(self.0.clone()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn output_must_be_exactly_one_contact_with_an_id() {
        let ann = json!({"id": "ann@example.com", "idProperty": "email", "properties": {}});
        let table = [
            (json!({"inputs": [ann]}), Ok(())),
            (json!({}), Err("`inputs` is not exactly one contact")),
            (json!({"inputs": []}), Err("`inputs` is not exactly one contact")),
            (json!({"inputs": [ann, ann]}), Err("`inputs` is not exactly one contact")),
            (json!({"inputs": [{"properties": {}}]}), Err("the contact has no `id`")),
            (json!({"inputs": [{"id": "", "properties": {}}]}), Err("the contact has no `id`")),
            (json!({"inputs": [{"id": "ann"}]}), Err("`properties` is no object")),
        ];
        for (result, expected) in table {
            let prepared = Contact::prepare(result.as_object().unwrap().clone());
            assert_eq!(prepared.map(|_| ()), expected, "{result}");
        }
    }
}
