//! Customer.io's Track API: identify.
//! <https://docs.customer.io/integrations/api/track/tag/track-customers/identify/>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Behaviour, RelayedCall, not_found};
use crate::server::FakeReply;

#[derive(Default)]
pub(super) struct CustomerIo {
    /// The attributes of each person.
    people: BTreeMap<String, Value>,
}

impl Behaviour for CustomerIo {
    fn knows(&self, call: &RelayedCall, key: &str) -> bool {
        call.is_basic(key)
    }

    fn answer(&mut self, call: &RelayedCall) -> FakeReply {
        let id = call.path.strip_prefix("/api/v1/customers/").filter(|id| !id.contains('/'));
        let Some(id) = id.filter(|_| call.method == "PUT") else { return not_found() };
        let Value::Object(attributes) = &call.body else {
            return FakeReply::json(400, &json!({"meta": {"error": "malformed JSON"}}));
        };
        let person = self.people.entry(id.to_owned()).or_insert_with(|| json!({}));
        for (name, value) in attributes {
            person[name] = value.clone();
        }
        FakeReply::json(200, &json!({}))
    }
}
