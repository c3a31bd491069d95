//! What Ory tells of the people in these tests.

use serde_json::{Value, json};

/// The id of an identity that is not saved yet.
const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Ann has registered.
pub(super) fn ann() -> Value {
    person("ann", "00000001-1111-4111-8111-000000000001")
}

/// Ben has registered.
pub(super) fn ben() -> Value {
    person("ben", "00000002-1111-4111-8111-000000000002")
}

/// Ann is about to register, and Ory has not saved her identity yet.
pub(super) fn ann_before_save() -> Value {
    let mut ctx = ann();
    ctx["identity"]["id"] = json!(NIL_ID);
    ctx["hook"]["when"] = json!("before_save");
    ctx
}

/// Somebody has registered whom the shipped template does not write to.
pub(super) fn tester() -> Value {
    person("test-eve", "00000003-1111-4111-8111-000000000003")
}

fn person(name: &str, id: &str) -> Value {
    let email = format!("{name}@example.com");
    json!({
        "flow": {"id": "cec1c06e-48eb-4f9d-abf1-2e287371f4eb", "type": "browser"},
        "hook": {"flow": "registration", "method": "password", "when": "after_save"},
        "identity": {
            "id": id,
            "schema_id": "default",
            "state": "active",
            "metadata_public": {"plan": "free"},
            "traits": {"email": email, "name": {"first": name, "last": "Lee"}},
            "verifiable_addresses": [
                {"value": email, "via": "email", "verified": false, "status": "pending"},
            ],
        },
    })
}
