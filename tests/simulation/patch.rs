//! JSON Patch as Ory does it: it makes missing parents, and refuses to change what is not there.

use serde_json::{Map, Value};

/// Where a template may patch.
const ALLOWED: [&str; 2] = ["/traits/consent/newsletter", "/metadata_public/mailchimp"];

/// Whether the operation stays where a template may patch.
pub(crate) fn is_allowed(operation: &Value) -> bool {
    let path = operation["path"].as_str().unwrap_or_default();
    ALLOWED.iter().any(|allowed| {
        path.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Does it; whether that changed anything, `None` where it cannot be done.
pub(crate) fn apply(operation: &Value, identity: &mut Value) -> Option<bool> {
    let path = operation["path"].as_str()?;
    let value = || operation.get("value").cloned();
    match operation["op"].as_str()? {
        "remove" => set(identity, path, None),
        "replace" if identity.pointer(path).is_none() => None,
        "add" | "replace" => set(identity, path, Some(value()?)),
        _ => None,
    }
}

/// Sets a value, or takes it away; whether that changed anything.
pub(crate) fn set(identity: &mut Value, path: &str, value: Option<Value>) -> Option<bool> {
    let (parents, name) = path.rsplit_once('/')?;
    let mut parent = identity;
    for token in parents.split('/').skip(1) {
        parent = object(parent)?.entry(token).or_insert_with(|| Value::Object(Map::new()));
    }
    let parent = object(parent)?;
    match value {
        Some(value) => Some(parent.insert(name.to_owned(), value.clone()) != Some(value)),
        None => parent.remove(name).map(|_| true),
    }
}

fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
