//! Intercom's contacts: create, with a conflict for one that exists.
//! <https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Behaviour, RelayedCall, not_found};
use crate::server::FakeReply;

#[derive(Default)]
pub(super) struct Intercom {
    /// The ids of the contacts, as the caller gave them.
    contacts: BTreeSet<String>,
}

impl Behaviour for Intercom {
    fn knows(&self, call: &RelayedCall, key: &str) -> bool {
        call.is_bearer(key)
    }

    fn answer(&mut self, call: &RelayedCall) -> FakeReply {
        if !call.is("POST", "/contacts") {
            return not_found();
        }
        let role = call.body["role"].as_str();
        let id = call.body["external_id"].as_str().or(call.body["email"].as_str());
        let (Some("user" | "lead"), Some(id), Some(_)) =
            (role, id, call.header("intercom-version"))
        else {
            return FakeReply::json(400, &errors("parameter_invalid", "invalid contact"));
        };
        if !self.contacts.insert(id.to_owned()) {
            let why = "A contact matching those details already exists with id=6762f0dd1bb69f9f";
            return FakeReply::json(409, &errors("conflict", why));
        }
        FakeReply::json(200, &json!({"type": "contact", "external_id": id}))
    }
}

fn errors(code: &str, message: &str) -> Value {
    json!({"type": "error.list", "errors": [{"code": code, "message": message}]})
}
