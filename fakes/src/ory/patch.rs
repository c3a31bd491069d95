//! A JSON Patch as Ory applies it: only `add`, `remove` and `replace`, with missing parents created
//! (ory/x, `jsonx/patch.go`, over evanphx/json-patch with `EnsurePathExistsOnAdd`).

use json_patch::{AddOperation, Patch, PatchOperation, ReplaceOperation, jsonptr::Pointer};
use serde_json::{Map, Value};

/// Paths that cannot be patched, in lower case for the comparison.
const DENIED: [&str; 4] = ["/id", "/state_changed_at", "/statechangedat", "/credentials"];

/// The most elements to which a list is filled up. Ory has no limit but its memory.
const MOST_ELEMENTS: usize = 1000;

/// The identity with the patch applied.
///
/// # Errors
/// Why it cannot be applied, in words close to Ory's.
pub fn apply(patch: &Value, identity: &Value) -> Result<Value, String> {
    let Patch(operations) =
        serde_json::from_value(patch.clone()).map_err(|error| format!("no JSON Patch: {error}"))?;
    // All operations are checked before the first is applied.
    let operations: Vec<_> = operations.into_iter().map(accepted).collect::<Result<_, _>>()?;
    let mut patched = identity.clone();
    for operation in operations {
        if let PatchOperation::Add(add) = &operation {
            make_parents(&mut patched, &add.path);
        }
        json_patch::patch(&mut patched, &[operation])
            .map_err(|error| format!("failed to apply JSON patch: {error}"))?;
    }
    Ok(patched)
}

/// The operation to perform: to replace a missing value is to add it.
fn accepted(operation: PatchOperation) -> Result<PatchOperation, String> {
    let path = operation.path();
    if is_denied(path) {
        return Err(format!("patch includes denied path: {path}"));
    }
    match operation {
        PatchOperation::Replace(ReplaceOperation { path, value }) if !is_in_list(&path) => {
            Ok(PatchOperation::Add(AddOperation { path, value }))
        }
        PatchOperation::Add(_) | PatchOperation::Remove(_) | PatchOperation::Replace(_) => {
            Ok(operation)
        }
        PatchOperation::Move(_) | PatchOperation::Copy(_) | PatchOperation::Test(_) => {
            Err("unsupported operation".to_owned())
        }
    }
}

/// The whole identity contains the id, too.
fn is_denied(path: &Pointer) -> bool {
    let path = path.as_str().to_lowercase();
    let below = |denied: &str| path.strip_prefix(denied).is_some_and(|rest| rest.starts_with('/'));
    path.is_empty() || DENIED.iter().any(|denied| path == *denied || below(denied))
}

/// Whether the path seems to lead to an element of a list.
fn is_in_list(path: &Pointer) -> bool {
    path.last().is_some_and(|token| index(&token.decoded()).is_some())
}

/// The index of an element; the end of a list, `-`, counts as the first.
fn index(token: &str) -> Option<usize> {
    if token == "-" { Some(0) } else { token.parse().ok() }
}

/// Creates missing parents, also in place of null. If something else is in the way, nothing is
/// created and the operation fails.
fn make_parents(identity: &mut Value, path: &Pointer) {
    let tokens: Vec<_> = path.tokens().map(|token| token.decoded().into_owned()).collect();
    let mut value = identity;
    for (name, next) in tokens.iter().zip(tokens.iter().skip(1)) {
        let Some(child) = child(value, name) else { return };
        if child.is_null() {
            let Some(parent) = parent_of(next) else { return };
            *child = parent;
        }
        value = child;
    }
}

/// A list if a number follows, filled with null up to it; otherwise an object.
fn parent_of(next: &str) -> Option<Value> {
    match index(next) {
        Some(index) => (index < MOST_ELEMENTS).then(|| Value::Array(vec![Value::Null; index])),
        None => Some(Value::Object(Map::new())),
    }
}

/// The member or element of this name, created as null if it is missing.
fn child<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(object) => Some(object.entry(name).or_insert(Value::Null)),
        Value::Array(list) => {
            let index = if name == "-" { list.len() } else { name.parse().ok()? };
            if index >= MOST_ELEMENTS.max(list.len()) {
                return None;
            }
            if index >= list.len() {
                list.resize(index + 1, Value::Null);
            }
            list.get_mut(index)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(operations: Value) -> Result<Value, String> {
        let identity = json!({
            "id": "i", "metadata_public": null, "traits": {"email": "e", "list": ["a", "b"]},
        });
        apply(&operations, &identity)
    }

    fn one(op: &str, path: &str, value: Value) -> Result<Value, String> {
        patched(json!([{"op": op, "path": path, "value": value}]))
    }

    #[test]
    fn missing_parents_are_created() {
        for op in ["add", "replace"] {
            let consent = one(op, "/traits/consent/newsletter", json!(true)).unwrap();
            assert_eq!(consent["traits"]["consent"], json!({"newsletter": true}), "{op}");
            let over_null = one(op, "/metadata_public/mailchimp/x", json!(1)).unwrap();
            assert_eq!(over_null["metadata_public"], json!({"mailchimp": {"x": 1}}), "{op}");
        }
        let list = one("add", "/metadata_public/0", json!(1)).unwrap();
        assert_eq!(list["metadata_public"], json!([1]));
        let filled = one("add", "/traits/x/2/y", json!(1)).unwrap();
        assert_eq!(filled["traits"]["x"], json!([null, null, {"y": 1}]));
    }

    #[test]
    fn patch_sets_a_member_and_inserts_or_sets_an_element() {
        assert_eq!(one("replace", "/traits/email", json!("f")).unwrap()["traits"]["email"], "f");
        let list = |op, path| one(op, path, json!("x")).unwrap()["traits"]["list"].clone();
        assert_eq!(list("add", "/traits/list/1"), json!(["a", "x", "b"]));
        assert_eq!(list("add", "/traits/list/-"), json!(["a", "b", "x"]));
        assert_eq!(list("replace", "/traits/list/1"), json!(["a", "x"]));
        let less = patched(json!([{"op": "remove", "path": "/traits/list/0"}])).unwrap();
        assert_eq!(less["traits"]["list"], json!(["b"]));
    }

    #[test]
    fn inapplicable_patch_is_refused() {
        let remove = |path: &str| patched(json!([{"op": "remove", "path": path}]));
        for path in ["/traits/none", "/none/none", "/traits/list/2"] {
            let error = remove(path).unwrap_err();
            assert!(error.starts_with("failed to apply JSON patch"), "{error}");
        }
        assert!(one("replace", "/traits/list/2", json!("x")).is_err());
        assert!(one("add", "/traits/email/x", json!("x")).is_err());
        for patch in [json!(null), json!({}), json!([{"op": "add", "path": "/traits/x"}])] {
            assert!(patched(patch.clone()).is_err(), "{patch}");
        }
    }

    #[test]
    fn huge_index_does_not_exhaust_memory() {
        for index in ["9551000003", "18446744073709551615", "1000"] {
            for list in ["/traits/list", "/traits/none"] {
                assert!(one("add", &format!("{list}/{index}/x"), json!(1)).is_err(), "{index}");
                assert!(one("add", &format!("{list}/{index}"), json!(1)).is_err(), "{index}");
            }
        }
    }

    #[test]
    fn unsupported_operations_and_paths_are_refused() {
        for op in ["test", "move", "copy", "merge"] {
            let operation =
                json!([{"op": op, "path": "/traits/email", "from": "/traits/list", "value": "e"}]);
            assert!(patched(operation).is_err(), "{op}");
        }
        let paths =
            ["", "/id", "/ID", "/state_changed_at", "/stateChangedAt", "/credentials/oidc/config"];
        for path in paths {
            let error = one("add", path, json!("x")).unwrap_err();
            assert!(error.contains("denied path"), "{path}: {error}");
        }
        assert!(one("add", "/identity", json!("x")).is_ok());
    }

    #[test]
    fn patch_is_atomic() {
        let two = patched(json!([
            {"op": "add", "path": "/traits/a/b", "value": 1},
            {"op": "remove", "path": "/traits/a/b"},
        ]));
        assert_eq!(two.unwrap()["traits"]["a"], json!({}));
    }
}
