//! HubSpot's batch upsert of contacts.
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/batch/upsert-contacts>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Behaviour, RelayedCall, not_found};
use crate::server::FakeReply;

const UPSERT: &str = "/crm/objects/2026-03/contacts/batch/upsert";

/// The properties that the portal has; it refuses any other.
const PROPERTIES: [&str; 5] = ["company", "email", "firstname", "lastname", "phone"];

#[derive(Default)]
pub(super) struct HubSpot {
    /// The contacts by address.
    contacts: BTreeMap<String, Value>,
}

impl HubSpot {
    /// The contact after the upsert, or why HubSpot refuses it.
    fn upsert(&mut self, input: &Value) -> Result<Value, String> {
        let properties = input["properties"].as_object().ok_or("properties are missing")?;
        if let Some(unknown) = properties.keys().find(|name| !PROPERTIES.contains(&name.as_str())) {
            return Err(format!("PROPERTY_DOESNT_EXIST: {unknown}"));
        }
        let id = input["id"].as_str().unwrap_or_default().to_lowercase();
        if input["idProperty"] != "email" || !is_address(&id) {
            return Err(format!("Email address {id} is invalid, error INVALID_EMAIL"));
        }
        let number = self.contacts.len() + 1;
        let is_new = !self.contacts.contains_key(&id);
        let contact = self.contacts.entry(id).or_insert_with(|| json!({"id": number.to_string()}));
        for (name, value) in properties {
            contact["properties"][name] = value.clone();
        }
        contact["new"] = json!(is_new);
        Ok(contact.clone())
    }
}

impl Behaviour for HubSpot {
    fn knows(&self, call: &RelayedCall, key: &str) -> bool {
        call.is_bearer(key)
    }

    fn answer(&mut self, call: &RelayedCall) -> FakeReply {
        if !call.is("POST", UPSERT) {
            return not_found();
        }
        let inputs = call.body["inputs"].as_array().cloned().unwrap_or_default();
        let done: Result<Vec<_>, _> = inputs.iter().map(|input| self.upsert(input)).collect();
        match done {
            Ok(results) if !results.is_empty() => {
                FakeReply::json(200, &json!({"status": "COMPLETE", "results": results}))
            }
            Ok(_) => refused("inputs are missing"),
            Err(why) => refused(&why),
        }
    }
}

fn refused(why: &str) -> FakeReply {
    let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": why});
    FakeReply::json(400, &body)
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}
