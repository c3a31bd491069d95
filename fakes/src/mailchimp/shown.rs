//! Parts of an answer: `?fields=` keeps the named ones.

use serde_json::{Map, Value};

/// The answer with only those fields, in the API's notation: `status,merge_fields.FNAME`; a list
/// stands for each of its items.
pub(super) fn only(answer: &Value, fields: &str) -> Value {
    let paths: Vec<Vec<&str>> =
        fields.split(',').map(|path| path.trim().split('.').collect()).collect();
    kept(answer, &paths.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn kept(value: &Value, paths: &[&[&str]]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| kept(item, paths)).collect(),
        Value::Object(fields) => {
            let mut shown = Map::new();
            for (name, value) in fields {
                let of_field = paths.iter().filter_map(|path| {
                    let (first, rest) = path.split_first()?;
                    (first == name).then_some(rest)
                });
                let of_field: Vec<_> = of_field.collect();
                if of_field.iter().any(|rest| rest.is_empty()) {
                    shown.insert(name.clone(), value.clone());
                } else if !of_field.is_empty() {
                    shown.insert(name.clone(), kept(value, &of_field));
                }
            }
            Value::Object(shown)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn named_fields_are_kept() {
        let answer = json!({
            "id": "1", "merge_fields": {"FNAME": "Ann", "LNAME": "Example"},
            "tags": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        });
        let table = [
            ("id", json!({"id": "1"})),
            ("id,none", json!({"id": "1"})),
            ("merge_fields.FNAME, id", json!({"id": "1", "merge_fields": {"FNAME": "Ann"}})),
            ("tags.name", json!({"tags": [{"name": "a"}, {"name": "b"}]})),
            ("merge_fields", json!({"merge_fields": {"FNAME": "Ann", "LNAME": "Example"}})),
        ];
        for (fields, shown) in table {
            assert_eq!(only(&answer, fields), shown, "{fields}");
        }
    }
}
