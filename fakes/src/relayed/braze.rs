//! Braze's users/track. A user who cannot be told from others is an error inside a success.
//! <https://www.braze.com/docs/api/endpoints/user_data/post_user_track/>

use serde_json::{Value, json};

use super::{Behaviour, RelayedCall, not_found};
use crate::server::FakeReply;

pub(super) struct Braze;

impl Behaviour for Braze {
    fn knows(&self, call: &RelayedCall, key: &str) -> bool {
        call.is_bearer(key)
    }

    fn answer(&mut self, call: &RelayedCall) -> FakeReply {
        if !call.is("POST", "/users/track") {
            return not_found();
        }
        let Some(attributes) = call.body["attributes"].as_array() else {
            return FakeReply::json(400, &json!({"message": "Bad syntax"}));
        };
        let has_id = |one: &&Value| one["external_id"].as_str().is_some_and(|id| !id.is_empty());
        let processed = attributes.iter().filter(has_id).count();
        let mut body = json!({"message": "success", "attributes_processed": processed});
        if processed < attributes.len() {
            body["errors"] =
                json!([{"type": "external_id is required", "input_array": "attributes"}]);
        }
        FakeReply::json(201, &body)
    }
}
