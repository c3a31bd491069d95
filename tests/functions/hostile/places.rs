//! The fields that anybody can fill in.

use serde_json::{Value, json};

use crate::common::ory::ann;

/// Below these, all comes from whoever signs up: their traits, the addresses that Ory makes of
/// them, and what their browser sends along.
const TYPED: [&str; 3] =
    ["/identity/traits", "/identity/verifiable_addresses", "/transient_payload"];

/// Ann, with everything that a shipped template reads.
pub(super) fn ann_in_full() -> Value {
    let mut ctx = ann();
    ctx["identity"]["traits"]["consent"] = json!({"newsletter": true});
    ctx["transient_payload"] = json!({"custom_data": {"campaign": "spring"}});
    ctx["request_headers"] = json!({"True-Client-Ip": ["203.0.113.7"]});
    ctx["flow"]["issued_at"] = json!("2026-01-31T11:19:35Z");
    ctx
}

/// Every place in a ctx that an unauthenticated caller controls, whether a string or a container of strings.
pub(super) fn of(ctx: &Value) -> Vec<String> {
    TYPED.iter().flat_map(|root| below(ctx.pointer(root).unwrap(), root)).collect()
}

/// The place itself and all places below.
pub(super) fn below(value: &Value, pointer: &str) -> Vec<String> {
    let deeper: Vec<_> = match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| below(value, &format!("{pointer}/{name}")))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(n, value)| below(value, &format!("{pointer}/{n}")))
            .collect(),
        _ => Vec::new(),
    };
    [pointer.to_owned()].into_iter().chain(deeper).collect()
}

/// The same ctx with this at a place.
pub(super) fn with(ctx: &Value, pointer: &str, value: &Value) -> Value {
    let mut ctx = ctx.clone();
    ctx.pointer_mut(pointer).unwrap().clone_from(value);
    ctx
}
