//! The parts of a webhook that another program fills in.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::scan;

/// Stands for a placeholder in a part that is judged.
const WORD: &str = "placeholder";

/// The parts of a webhook whose value is not known. What a rule says about one is not told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Unknown(BTreeSet<&'static str>);

impl Unknown {
    /// Adds a part.
    pub(crate) fn add(&mut self, part: &'static str) {
        self.0.insert(part);
    }

    /// Whether this part is unknown.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.0.contains(part)
    }

    /// The parts.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// The `config` of a webhook as if its placeholders were filled in with something unobjectionable,
/// and the parts that have one. If the file `lacks` lines, what is missing is unknown as well.
pub(crate) fn known_parts(config: &Value, lacks: bool) -> (Value, Unknown) {
    let mut unknown = Unknown::default();
    let Value::Object(config) = config else { return (config.clone(), unknown) };
    let keys = config.iter().filter(|(key, _)| !scan::is_in(key));
    let mut config: Map<_, _> = keys.map(|(key, part)| (key.clone(), part.clone())).collect();
    if lacks {
        config.retain(|_, value| !value.is_null());
        for part in ["url", "method", "body", "response"] {
            config.entry(part).or_insert_with(|| json!("{{}}"));
        }
    }
    for (name, value) in &mut config {
        if let Some(part) = part_of(name)
            && fill_in(part, value)
        {
            unknown.add(part);
        }
    }
    for part in ["can_interrupt", "headers", "auth"] {
        if unknown.has(part) && config.get(part) == Some(&Value::Null) {
            config.remove(part);
        }
    }
    (Value::Object(config), unknown)
}

fn part_of(name: &str) -> Option<&'static str> {
    let parts = ["url", "method", "body", "response", "can_interrupt", "headers", "auth"];
    parts.into_iter().find(|part| *part == name)
}

/// Replaces the placeholders in a part; whether it has any.
fn fill_in(part: &str, value: &mut Value) -> bool {
    match (part, &mut *value) {
        ("body", Value::String(reference)) => is_reference(reference) && scan::is_in(reference),
        ("url" | "method", Value::String(text)) if scan::is_in(text) => {
            *text = scan::without(text, WORD);
            true
        }
        ("response", Value::Object(parts)) if parts.values().any(has_any) => {
            *value = json!({"ignore": true});
            true
        }
        ("response", Value::String(text)) if scan::is_in(text) => {
            *value = json!({"ignore": true});
            true
        }
        ("can_interrupt" | "headers" | "auth", Value::String(text)) if scan::is_in(text) => {
            *value = Value::Null;
            true
        }
        ("headers", Value::Object(headers)) => {
            headers.retain(|name, _| !scan::is_in(name));
            let mut judged = false;
            for (name, value) in headers.iter_mut().filter(|(_, value)| has_any(value)) {
                let is_type = name.eq_ignore_ascii_case("content-type");
                judged |= is_type;
                *value = json!(if is_type { "application/json" } else { WORD });
            }
            judged
        }
        ("auth", Value::Object(auth)) => {
            let open =
                auth.get("type").is_some_and(has_any) || auth.get("config").is_some_and(has_any);
            let inside = auth.get("config").and_then(Value::as_object);
            let any = open || inside.is_some_and(|config| config.values().any(has_any));
            let is_in_open = inside.and_then(|config| config.get("in")).is_some_and(has_any);
            if open || is_in_open {
                *value = Value::Null;
            }
            any
        }
        _ => false,
    }
}

fn has_any(value: &Value) -> bool {
    value.as_str().is_some_and(scan::is_in)
}

/// Whether a body is a reference, and not a template that somebody put there.
fn is_reference(body: &str) -> bool {
    !body.contains('\n') && !body.contains("function")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_with_a_placeholder_is_unknown() {
        let url = "https://example.com/";
        let table = [
            (json!({"url": "${URL}", "method": "POST"}), vec!["url"]),
            (json!({"url": "https://x/<id>", "method": "POST"}), vec!["url"]),
            (json!({"url": url, "body": "{{ .Values.body }}"}), vec!["body"]),
            (json!({"url": url, "body": "base64://${BODY}"}), vec!["body"]),
            (json!({"url": url, "body": "function(ctx) {a: '${x}'}"}), vec![]),
            (json!({"url": url, "body": "base64://{ENCODED_JSONNET}"}), vec![]),
            (json!({"url": url, "response": {"ignore": "${IGNORE}"}}), vec!["response"]),
            (json!({"url": url, "response": "{{ toYaml .x }}"}), vec!["response"]),
            (json!({"url": url, "can_interrupt": "${X1}"}), vec!["can_interrupt"]),
            (json!({"url": url, "headers": {"Content-Type": "${TYPE}"}}), vec!["headers"]),
            (json!({"url": url, "headers": {"Content-Type": "text/plain", "A": "${A1}"}}), vec![]),
            (json!({"url": url, "auth": {"type": "${TYPE}"}}), vec!["auth"]),
            (
                json!({"url": url, "auth": {"type": "api_key", "config": {"value": "<key>"}}}),
                vec!["auth"],
            ),
            (json!("text"), vec![]),
        ];
        for (config, expected) in table {
            let (_, unknown) = known_parts(&config, false);
            assert_eq!(unknown.parts().collect::<Vec<_>>(), expected, "{config}");
        }
    }

    #[test]
    fn rest_of_the_part_is_kept() {
        let config = json!({"url": "https://mandrillapp.com/${PATH}", "{{ .k }}": 1});
        let (known, _) = known_parts(&config, false);
        assert_eq!(known, json!({"url": "https://mandrillapp.com/placeholder"}));
    }

    #[test]
    fn what_inserted_lines_may_hold_is_unknown() {
        let (known, unknown) = known_parts(&json!({"url": "https://example.com/"}), true);
        assert_eq!(unknown.parts().collect::<Vec<_>>(), ["body", "method", "response"]);
        assert_eq!(known["response"], json!({"ignore": true}));
    }
}
