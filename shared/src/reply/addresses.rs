//! Addresses in a reply.

use serde_json::Value;

use super::BrokenRule;

/// The addresses, if each occurs somewhere in the traits.
pub(super) fn within(addresses: &Value, traits: &Value) -> Result<Value, BrokenRule> {
    for address in addresses.as_array().ok_or(BrokenRule::Shape)? {
        let value = address.get("value").and_then(Value::as_str).ok_or(BrokenRule::Shape)?;
        if !holds(traits, value) {
            return Err(BrokenRule::AddressNotInTraits);
        }
    }
    Ok(addresses.clone())
}

fn holds(value: &Value, address: &str) -> bool {
    match value {
        Value::String(text) => text.eq_ignore_ascii_case(address),
        Value::Array(values) => values.iter().any(|value| holds(value, address)),
        Value::Object(values) => values.values().any(|value| holds(value, address)),
        _ => false,
    }
}
