//! What changed of the identities, a line a change.

use std::collections::BTreeMap;

use serde_json::Value;

/// The changes from one list of identities to the other, both by id:
/// `traits.consent.newsletter: true -> false`.
pub(crate) fn between(before: &[Value], after: &[Value]) -> Vec<String> {
    let pairs = before.iter().zip(after);
    pairs.flat_map(|(before, after)| of_one(&leaves(before), &leaves(after))).collect()
}

fn of_one(before: &Leaves, after: &Leaves) -> Vec<String> {
    let all: BTreeMap<_, _> = before.iter().chain(after).collect();
    let changed = all.into_keys().filter(|&path| before.get(path) != after.get(path));
    // That something changed shows in what did.
    let changed = changed.filter(|&path| path != "updated_at");
    let shown = |leaf: Option<&Value>| leaf.map_or("none".to_owned(), Value::to_string);
    changed
        .map(|path| format!("{path}: {} -> {}", shown(before.get(path)), shown(after.get(path))))
        .collect()
}

/// What is no object, by its path; null stands for nothing.
type Leaves = BTreeMap<String, Value>;

fn leaves(identity: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    collect(identity, "", &mut leaves);
    leaves
}

fn collect(value: &Value, path: &str, leaves: &mut Leaves) {
    match value {
        Value::Null => {}
        Value::Object(object) => {
            for (name, member) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(member, &path, leaves);
            }
        }
        leaf => {
            leaves.insert(path.to_owned(), leaf.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use serde_json::json;

    use super::*;

    #[test]
    fn each_change_has_one_line() {
        let before = json!({"id": "i", "metadata_public": null, "traits": {"a": true, "b": [1]}});
        let after = json!({"id": "i", "metadata_public": {"m": "x"}, "traits": {"b": [2]}});
        let expected =
            ["metadata_public.m: none -> \"x\"", "traits.a: true -> none", "traits.b: [1] -> [2]"];
        assert_eq!(between(from_ref(&before), &[after]), expected);
        assert!(between(from_ref(&before), from_ref(&before)).is_empty());
    }
}
