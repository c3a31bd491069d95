//! Lists the changes of identities, one line per change.

use json_patch::Patch;
use serde_json::Value;

/// Left out, since it changes with every other change.
const UPDATED_AT: &str = "/updated_at";

/// The changes from one list of identities to the other, both sorted by id:
/// `traits.consent.newsletter: true -> false`.
pub(crate) fn between(before: &[Value], after: &[Value]) -> Vec<String> {
    let pairs = before.iter().zip(after);
    pairs.flat_map(|(before, after)| of_one(before, after)).collect()
}

fn of_one(before: &Value, after: &Value) -> Vec<String> {
    let Patch(operations) = json_patch::diff(before, after);
    let paths = operations.iter().map(|operation| operation.path().as_str());
    let shown = |path: &str| {
        let name = path.trim_start_matches('/').replace('/', ".");
        format!("{name}: {} -> {}", value_at(before, path), value_at(after, path))
    };
    paths.filter(|path| *path != UPDATED_AT).map(shown).collect()
}

/// Null stands for a missing value.
fn value_at(identity: &Value, path: &str) -> String {
    let value = identity.pointer(path).filter(|value| !value.is_null());
    value.map_or("none".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use serde_json::json;

    use super::*;

    #[test]
    fn each_change_has_one_line() {
        let before = json!({
            "id": "i", "metadata_public": null, "traits": {"a": true, "b": [1]},
            "updated_at": "2026-01-01T00:00:00Z",
        });
        let after = json!({
            "id": "i", "metadata_public": {"m": "x"}, "traits": {"b": [2], "c": {"d": false}},
            "updated_at": "2026-01-02T00:00:00Z",
        });
        let expected = [
            "metadata_public: none -> {\"m\":\"x\"}",
            "traits.b.0: 1 -> 2",
            "traits.c: none -> {\"d\":false}",
            "traits.a: true -> none",
        ];
        assert_eq!(between(from_ref(&before), &[after]), expected);
        assert!(between(from_ref(&before), from_ref(&before)).is_empty());
    }
}
