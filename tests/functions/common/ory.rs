//! Ory's webhooks, and the identities of these tests.

use fakes::WEBHOOK_KEY;
use integration::Event;
use serde_json::{Value, json};

/// Ory's attempts at two webhooks.
pub(crate) const FIRST: &str = "00000001-2222-4222-8222-000000000001";
pub(crate) const SECOND: &str = "00000002-2222-4222-8222-000000000002";

/// An event as Ory sends it, the first of [`FIRST`].
pub(crate) fn event(ctx: &Value) -> Event {
    event_of(FIRST, ctx)
}

/// An event as Ory sends it, with this Trigger-ID.
pub(crate) fn event_of(trigger_id: &str, ctx: &Value) -> Event {
    Event::of_ory(ctx, trigger_id).header("authorization", WEBHOOK_KEY)
}

/// The id of an identity that is not saved yet.
pub(crate) const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Ann has registered.
pub(crate) fn ann() -> Value {
    person("ann", "00000001-1111-4111-8111-000000000001")
}

/// Ben has registered.
pub(crate) fn ben() -> Value {
    person("ben", "00000002-1111-4111-8111-000000000002")
}

/// Ann is about to register, and Ory has not saved her identity yet.
pub(crate) fn ann_before_save() -> Value {
    let mut ctx = ann();
    ctx["identity"]["id"] = json!(NIL_ID);
    ctx["hook"]["when"] = json!("before_save");
    ctx
}

/// Somebody has registered with a phone alone: the shipped welcome has nobody to write to.
pub(crate) fn phone_only() -> Value {
    let mut ctx = person("eve", "00000003-1111-4111-8111-000000000003");
    ctx["identity"]["traits"] = json!({"phone": "+49301234567"});
    ctx["identity"]["verifiable_addresses"] = json!([
        {"value": "+49301234567", "via": "sms", "verified": true, "status": "completed"},
    ]);
    ctx
}

/// Somebody has registered with two addresses, of which Ory lists the other one first
/// (ory/kratos#2515): the one to write to is `ann@example.com`.
pub(crate) fn with_two_addresses() -> [Value; 3] {
    let other = "old@work.example.com";
    let traits = [
        json!({"primary_email": "ann@example.com", "secondary_emails": [other]}),
        json!({"email": "ann@example.com", "backup_email": other}),
        json!({"email": "Ann@example.com", "phone": "+49301234567"}),
    ];
    traits.map(|traits| {
        let phone = traits.get("phone").is_some();
        let mut ctx = ann();
        ctx["identity"]["traits"] = traits;
        ctx["identity"]["verifiable_addresses"] = json!([
            if phone {
                json!({"value": "+49301234567", "via": "sms", "verified": true})
            } else {
                json!({"value": other, "via": "email", "verified": false})
            },
            {"value": "ann@example.com", "via": "email", "verified": true},
        ]);
        ctx
    })
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
            "created_at": "2026-01-31T11:19:37Z",
            "metadata_public": {"plan": "free"},
            "traits": {"email": email, "name": {"first": name, "last": "Lee"}},
            "verifiable_addresses": [
                {"value": email, "via": "email", "verified": false, "status": "pending"},
            ],
        },
    })
}
