//! An identity, as Ory's admin API returns it.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// An identity with its id.
#[derive(Clone, PartialEq)]
pub struct Identity {
    id: Uuid,
    value: Value,
}

impl Identity {
    /// Reads one; `None` if invalid.
    pub fn read(mut value: Value) -> Option<Self> {
        let id = Uuid::try_parse(value["id"].as_str()?).ok()?;
        // Templates do not need them, and they should not be passed on.
        value.as_object_mut()?.remove("credentials");
        Some(Self { id, value })
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The identity as templates see it.
    pub fn as_value(&self) -> &Value {
        &self.value
    }

    /// When it was last changed, by anybody; `None` if it does not say.
    pub fn updated_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.value["updated_at"].as_str()?, &Rfc3339).ok()
    }

    /// Whether its owner has proved to receive mail at the address.
    pub fn has_verified(&self, address: &str) -> bool {
        let addresses = self.value["verifiable_addresses"].as_array();
        addresses.into_iter().flatten().any(|known| {
            known["verified"] == true
                && known["value"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(address))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_verified_addresses_count() {
        let identity = Identity::read(json!({
            "id": "3a5293f1-f4d6-49f4-b34f-6da62c360604",
            "credentials": {"password": {}},
            "traits": {"email": "eve@example.com"},
            "verifiable_addresses": [
                {"value": "Ann@Example.com", "verified": true},
                {"value": "ben@example.com", "verified": false},
                {"value": "cleo@example.com"},
                null,
            ],
        }))
        .unwrap();
        assert!(identity.has_verified("ann@example.com"));
        for address in ["ben@example.com", "cleo@example.com", "eve@example.com", ""] {
            assert!(!identity.has_verified(address), "{address}");
        }
        assert!(identity.as_value().get("credentials").is_none());
    }

    #[test]
    fn identity_requires_an_id() {
        for value in [json!(null), json!([]), json!({}), json!({"id": "x"}), json!({"id": 5})] {
            assert!(Identity::read(value.clone()).is_none(), "{value}");
        }
    }
}
