//! A small identity schema: the names of the traits, and consent as a boolean.

use serde_json::Value;

/// The allowed traits of an identity.
pub(super) struct Schema {
    traits: Vec<String>,
}

impl Default for Schema {
    fn default() -> Self {
        Self::of(&["email", "name", "consent"])
    }
}

impl Schema {
    /// A schema with these traits.
    pub(super) fn of(names: &[&str]) -> Self {
        Self { traits: names.iter().map(|&name| name.to_owned()).collect() }
    }

    /// Validates an identity; the error is in Ory's words.
    pub(super) fn check(&self, identity: &Value) -> Result<(), String> {
        let Some(traits) = identity["traits"].as_object() else {
            return Err("I[#/traits] S[#/properties/traits/type] expected object".to_owned());
        };
        if let Some(name) = traits.keys().find(|name| !self.traits.contains(name)) {
            return Err(format!("I[#/traits] additionalProperties \"{name}\" not allowed"));
        }
        match traits.get("consent") {
            None => Ok(()),
            Some(Value::Object(consent)) => match consent.get("newsletter") {
                None | Some(Value::Bool(_)) => Ok(()),
                Some(_) => Err("I[#/traits/consent/newsletter] expected boolean".to_owned()),
            },
            Some(_) => Err("I[#/traits/consent] expected object".to_owned()),
        }
    }
}
