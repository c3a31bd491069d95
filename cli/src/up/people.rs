//! The people of events, in the fake of Ory.

use fakes::{
    FakeOry,
    ory::{person, timestamp},
};
use serde_json::{Value, json};
use shared::ctx::Ctx;
use time::OffsetDateTime;

use super::samples::Sample;

/// What an event tells of an identity, and Ory keeps.
const KEPT: [&str; 5] =
    ["traits", "metadata_public", "verifiable_addresses", "recovery_addresses", "state"];

/// Makes Ory hold the identity of a sample.
pub(crate) fn put_sample(ory: &FakeOry, sample: &Sample) {
    let body = sample.event().and_then(|event| event.body()).unwrap_or_default();
    if let Ok(ctx) = Ctx::decode(&body) {
        put(ory, ctx.sanitize().identity(), OffsetDateTime::now_utc());
    }
}

/// The same as [`put`], and takes the address from everybody else: Ory has each address once.
pub(crate) fn put_alone(ory: &FakeOry, identity: &Value, at: OffsetDateTime) {
    let address = |one: &Value| one["traits"]["email"].as_str().map(str::to_lowercase);
    let Some(held) = put(ory, identity, at) else { return };
    for other in ory.identities() {
        if other["id"] != held["id"] && address(&other) == address(&held) {
            ory.remove_identity(other["id"].as_str().unwrap_or_default());
        }
    }
}

/// Makes Ory hold the identity of an event, changed at this time, and gives it as Ory holds it; `None`
/// if it has no id or no address.
pub(crate) fn put(ory: &FakeOry, identity: &Value, at: OffsetDateTime) -> Option<Value> {
    let id = identity["id"].as_str()?;
    let address = identity["traits"]["email"].as_str()?;
    let mut held = ory.identity(id).unwrap_or_else(|| person(id, address));
    for key in KEPT {
        if let Some(value) = identity.get(key) {
            held[key] = value.clone();
        }
    }
    held["credentials"]["password"]["identifiers"] = json!([address.to_lowercase()]);
    held["updated_at"] = json!(timestamp(at));
    ory.put_identity(held.clone());
    Some(held)
}
