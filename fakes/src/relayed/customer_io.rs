//! Customer.io's Track API: identify.
//! <https://docs.customer.io/integrations/api/track/tag/track-customers/identify/>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Behaviour, RelayedCall, not_found};
use crate::server::FakeReply;

pub(super) struct CustomerIo {
    credentials: String,
    /// The attributes of each person.
    people: BTreeMap<String, Value>,
}

impl CustomerIo {
    pub(super) fn new(credentials: String) -> Self {
        Self { credentials, people: BTreeMap::new() }
    }
}

impl Behaviour for CustomerIo {
    fn answer(&mut self, call: &RelayedCall) -> Option<FakeReply> {
        if !call.is_basic(&self.credentials) {
            return None;
        }
        let id = call.path.strip_prefix("/api/v1/customers/").filter(|id| !id.contains('/'));
        let Some(id) = id.filter(|_| call.method == "PUT") else { return Some(not_found()) };
        let Value::Object(attributes) = &call.body else {
            return Some(FakeReply::json(400, &json!({"meta": {"error": "malformed JSON"}})));
        };
        let person = self.people.entry(id.to_owned()).or_insert_with(|| json!({}));
        for (name, value) in attributes {
            person[name] = value.clone();
        }
        Some(FakeReply::json(200, &json!({})))
    }
}
