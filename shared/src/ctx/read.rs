//! Reads a body, without the parts that sanitizing drops by their names: a flow's form is mostly the
//! largest part of a ctx, and would be built to be freed again. Sanitizing does not rely on it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::sanitize::{is_always_secret, is_searched};

/// The body's value; `None` if it is not JSON.
pub(super) fn body(bytes: &[u8]) -> Option<Value> {
    let mut json = serde_json::Deserializer::from_str(str::from_utf8(bytes).ok()?);
    let value = Part { name: "" }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(value)
}

/// A value that secrets are looked for in, and the name of the field that holds it.
#[derive(Clone, Copy)]
struct Part<'n> {
    name: &'n str,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = json.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(field) = json.next_key_seed(FieldOf { object: self.name })? {
            let Some(name) = field else {
                json.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = if is_searched(&name) {
                json.next_value_seed(Part { name: &name })?
            } else {
                json.next_value()?
            };
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

/// The name of a field; `None` if it is not to be read.
struct FieldOf<'n> {
    object: &'n str,
}

impl<'de> DeserializeSeed<'de> for FieldOf<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<String>, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldOf<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<String>, E> {
        Ok((!is_always_secret(self.object, name)).then(|| name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::ctx::SanitizedCtx;

    /// Any JSON, with many names that sanitizing knows.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            Just(json!("https://example.com/?token=secret&utm_source=ad")),
        ];
        leaf.prop_recursive(6, 64, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((names(), inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn names() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            "ctx",
            "flow",
            "ui",
            "nodes",
            "identity",
            "credentials",
            "traits",
            "cookies",
            "Cookie",
            "request_headers",
            "request_cookies",
            "request_url",
            "Return_To",
            "transient_payload",
            "oauth2_login_request",
            "AUTHORIZATION",
            "tokenized",
            "session",
            "hook",
            "add_as",
        ]);
        prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,4}"]
    }

    fn sanitized(value: Value) -> Option<SanitizedCtx> {
        match value {
            Value::Object(fields) => Some(SanitizedCtx::of(fields)),
            _ => None,
        }
    }

    proptest! {
        /// The result of sanitizing is the same as if everything had been read.
        #[test]
        fn only_what_sanitizing_drops_is_not_read(value in json()) {
            let text = value.to_string();
            let all: Value = serde_json::from_str(&text).unwrap();
            let read = body(text.as_bytes()).unwrap();
            prop_assert_eq!(read.is_object(), all.is_object());
            let (read, all) = (sanitized(read), sanitized(all));
            prop_assert_eq!(
                read.as_ref().map(SanitizedCtx::as_value),
                all.as_ref().map(SanitizedCtx::as_value)
            );
        }
    }

    #[test]
    fn form_of_a_flow_is_not_read() {
        let text = r#"{"flow":{"ui":{"nodes":[1]},"id":"f"},"theme":{"ui":"dark"}}"#;
        let expected = json!({"flow": {"id": "f"}, "theme": {"ui": "dark"}});
        assert_eq!(body(text.as_bytes()), Some(expected));
    }

    #[test]
    fn what_is_not_read_must_still_be_json() {
        for text in [r#"{"cookies":}"#, r#"{"cookies":[1}"#, r#"{"cookies":"\x"}"#, r#"{"a":1}x"#] {
            assert_eq!(body(text.as_bytes()), None, "{text}");
        }
        assert_eq!(body(b"{\"cookies\":\"\xff\"}"), None);
    }
}
