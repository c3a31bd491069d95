//! What a template says of a contact, and what of it the CRM lacks.

use serde_json::{Map, Value};
use shared::deliver::Rendered;

use crate::client::Call;

/// A contact as the template describes it.
pub(crate) struct Contact {
    pub(crate) email: String,
    pub(crate) properties: Map<String, Value>,
}

/// A contact as the CRM has it.
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) properties: Map<String, Value>,
}

impl Contact {
    /// Validates the template output.
    ///
    /// # Errors
    /// The broken rule.
    pub(crate) fn read(rendered: &Rendered) -> Result<Self, &'static str> {
        let email = rendered.get("email").and_then(Value::as_str).filter(|it| !it.is_empty());
        let properties = rendered.get("properties").and_then(Value::as_object);
        let properties = properties.filter(|it| it.values().all(Value::is_string));
        Ok(Self {
            email: email.ok_or("the contact has no `email`")?.to_owned(),
            properties: properties.ok_or("`properties` is no object of strings")?.clone(),
        })
    }

    /// The call that adds what the CRM lacks, and overwrites nothing; `None` if it lacks nothing.
    pub(crate) fn missing(self, known: Option<Known>) -> Option<Call> {
        let Self { email, mut properties } = self;
        let Some(known) = known else {
            properties.insert("email".to_owned(), email.into());
            return Some(Call::Create(properties));
        };
        let is_set = |name: &String| known.properties.get(name).is_some_and(|it| !is_empty(it));
        properties.retain(|name, _| !is_set(name));
        (!properties.is_empty()).then_some(Call::Update(known.id, properties))
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == ""
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contact(output: &Value) -> Result<Contact, &'static str> {
        Contact::read(output.as_object().unwrap())
    }

    #[test]
    fn output_must_be_an_email_and_properties() {
        let table = [
            (json!({"email": "ann@example.com", "properties": {}}), Ok(())),
            (json!({"properties": {}}), Err("the contact has no `email`")),
            (json!({"email": "", "properties": {}}), Err("the contact has no `email`")),
            (json!({"email": "a@b.c"}), Err("`properties` is no object of strings")),
            (
                json!({"email": "a@b.c", "properties": {"firstname": {}}}),
                Err("`properties` is no object of strings"),
            ),
        ];
        for (output, expected) in table {
            assert_eq!(contact(&output).map(drop), expected, "{output}");
        }
    }

    #[test]
    fn only_what_the_crm_lacks_is_written() {
        let properties = json!({"firstname": "Ann", "lifecyclestage": "lead"});
        let output = json!({"email": "ann@example.com", "properties": properties});
        let created = json!({
            "email": "ann@example.com", "firstname": "Ann", "lifecyclestage": "lead",
        });
        let table = [
            (None, Some((None, created))),
            (
                Some(json!({"firstname": null, "lifecyclestage": "customer"})),
                Some((Some("512"), json!({"firstname": "Ann"}))),
            ),
            (
                Some(json!({"firstname": "", "lifecyclestage": ""})),
                Some((Some("512"), properties.clone())),
            ),
            (Some(json!({"firstname": "Anna", "lifecyclestage": "customer"})), None),
        ];
        for (known, expected) in table {
            let shown = format!("{known:?}");
            let known = known.map(|properties| Known {
                id: "512".to_owned(),
                properties: properties.as_object().unwrap().clone(),
            });
            let call = contact(&output).unwrap().missing(known).map(|call| match call {
                Call::Create(properties) => (None, json!(properties)),
                Call::Update(id, properties) => (Some(id), json!(properties)),
                Call::Find(..) => panic!("it was found"),
            });
            let expected = expected.map(|(id, body)| (id.map(str::to_owned), body));
            assert_eq!(call, expected, "{shown}");
        }
    }
}
