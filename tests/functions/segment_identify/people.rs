//! What Ory tells of the people in these tests.

use serde_json::{Value, json};

/// The id of an identity that is not saved yet.
pub(super) const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Ann has registered.
pub(super) fn ann() -> Value {
    person("ann", "00000001-1111-4111-8111-000000000001")
}

/// Ben has registered.
pub(super) fn ben() -> Value {
    person("ben", "00000002-1111-4111-8111-000000000002")
}

/// Ann has registered, and said this about the newsletter.
pub(super) fn ann_with_consent(newsletter: bool) -> Value {
    let mut ctx = ann();
    ctx["identity"]["traits"]["consent"] = json!({ "newsletter": newsletter });
    ctx
}

/// Ann is about to register, and Ory has not saved her identity yet.
pub(super) fn ann_before_save() -> Value {
    let mut ctx = ann();
    ctx["identity"]["id"] = json!(NIL_ID);
    ctx["hook"]["when"] = json!("before_save");
    ctx
}

/// Somebody has registered whom the shipped template tells nothing of.
pub(super) fn tester() -> Value {
    person("test-eve", "00000003-1111-4111-8111-000000000003")
}

fn person(name: &str, id: &str) -> Value {
    json!({
        "flow": {"id": "cec1c06e-48eb-4f9d-abf1-2e287371f4eb", "type": "browser"},
        "hook": {"flow": "registration", "method": "password", "when": "after_save"},
        "identity": {
            "id": id,
            "created_at": "2026-01-31T11:19:37Z",
            "traits": {
                "email": format!("{name}@example.com"), "name": {"first": name, "last": "Lee"},
            },
        },
    })
}
