//! Two equal events have one id, and two different ones never share one.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::ctx::Ctx;

fn key(body: &str) -> EventId {
    EventId::of_event(None, Ctx::decode(body.as_bytes()).unwrap().sanitize().as_value())
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e6_f64..1e6).prop_filter("zero has two signs", |n| *n != 0.0).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-c\"\\\\/,:{}\\[\\] ]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d\"\\\\:,]{0,2}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn event(traits: &Value) -> Value {
    json!({"flow": {"id": "f"}, "identity": {"id": "i", "traits": traits}})
}

/// The same value written differently: members in another order, whitespace everywhere, characters
/// escaped.
struct Scribe<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Scribe<'_> {
    fn chance(&mut self) -> u8 {
        self.0.next().copied().unwrap_or_default()
    }

    fn blank(&mut self) -> &'static str {
        ["", "", " ", "\n", "\t ", "\r\n"][usize::from(self.chance()) % 6]
    }

    fn text(&mut self, text: &str) -> String {
        let mut written = String::from('"');
        for character in text.chars() {
            if self.chance().is_multiple_of(3) {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units);
                written.extend(units.iter().map(|unit| format!("\\u{unit:04X}")));
            } else {
                written += json!(character.to_string()).to_string().trim_matches('"');
                if character == '"' {
                    written.push('"');
                }
            }
        }
        written + "\""
    }

    fn write(&mut self, value: &Value) -> String {
        let (before, after) = (self.blank(), self.blank());
        let written = match value {
            Value::String(text) => self.text(text),
            Value::Array(list) => {
                let items: Vec<_> = list.iter().map(|item| self.write(item)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(members) => self.members(members),
            other => other.to_string(),
        };
        format!("{before}{written}{after}")
    }

    fn members(&mut self, members: &Map<String, Value>) -> String {
        let mut written: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{}:{}", self.text(name), self.write(value)))
            .collect();
        if !written.is_empty() {
            let turn = usize::from(self.chance()) % written.len();
            written.rotate_left(turn);
        }
        format!("{{{}}}", written.join(","))
    }
}

proptest! {
    #[test]
    fn equal_events_share_an_event_id_in_any_encoding(
        traits in values(), noise in prop::collection::vec(any::<u8>(), 1..64), wrapped: bool,
    ) {
        let event = event(&traits);
        let mut scribe = Scribe(noise.iter().cycle());
        let plain = key(&event.to_string());
        let written = scribe.write(&event);
        prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &event);
        let written = if wrapped { format!("{{\"ctx\":{written}}}") } else { written };
        prop_assert_eq!(key(&written), plain);
    }

    #[test]
    fn different_events_never_share_an_event_id(one in values(), other in values()) {
        let (one_key, other_key) = (key(&event(&one).to_string()), key(&event(&other).to_string()));
        prop_assert_eq!(one == other, one_key == other_key, "{} {}", one, other);
    }

    /// The borders between fields are part of the event.
    #[test]
    fn shifting_text_between_fields_changes_the_event_id(text in ".{1,12}", first: prop::sample::Index, second: prop::sample::Index) {
        let letters: Vec<char> = text.chars().collect();
        let split = |at: usize| {
            let (a, b) = letters.split_at(at);
            event(&json!({"a": a.iter().collect::<String>(), "b": b.iter().collect::<String>()}))
        };
        let (first, second) = (first.index(letters.len() + 1), second.index(letters.len() + 1));
        let of = |at: usize| key(&split(at).to_string());
        prop_assert_eq!(first == second, of(first) == of(second));
    }

    /// Nor do the borders between deployment, event, name and function.
    #[test]
    fn idempotency_keys_never_collide_in_records_or_at_vendors(
        works in prop::collection::vec(("[a-b]", "a?[\n#]?b?", prop::option::of("a?[\n#]?b")), 2)
    ) {
        let seen: Vec<_> = works.iter().map(|(name, event, named)| {
            let arn = FunctionArn::new(&format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}"));
            let work = IdempotencyKey::new(&EventId::digest(event.as_bytes()), named.as_deref());
            (work.record_id(name), work.for_vendor(&arn))
        }).collect();
        let work = |(name, event, named): &(String, String, Option<String>)| {
            (name.clone(), named.clone().ok_or(event.clone()))
        };
        let same = work(&works[0]) == work(&works[1]);
        prop_assert_eq!(same, seen[0].0 == seen[1].0);
        prop_assert_eq!(same, seen[0].1 == seen[1].1);
    }
}

#[test]
fn similar_events_have_different_event_ids() {
    let alike = [
        json!({}),
        json!([]),
        json!(""),
        json!(null),
        json!("null"),
        json!(false),
        json!(0),
        json!("0"),
        json!({"a": null}),
        json!({"a": {}}),
        json!({"a": "b"}),
        json!({"a": ["b"]}),
        json!({"a": {"b": "c"}}),
        json!({"a.b": "c"}),
        json!({"ab": "c"}),
        json!({"a": "bc"}),
        json!({"a": "b", "c": "d"}),
        json!({"a": "b\",\"c\":\"d"}),
        json!({"a": ["b", "c"]}),
        json!({"a": ["c", "b"]}),
        json!({"a": ["b,c"]}),
        json!({"a": [["b"], "c"]}),
        json!({"a": ["b", ["c"]]}),
        json!({"a": "e\u{301}"}),
        json!({"a": "\u{e9}"}),
        json!({"a": "B"}),
        json!({"a": "b "}),
        json!({"a": 9_007_199_254_740_993_i64}),
        json!({"a": 9_007_199_254_740_992_i64}),
    ];
    let keys: std::collections::HashSet<_> =
        alike.iter().map(|traits| key(&event(traits).to_string())).collect();
    assert_eq!(keys.len(), alike.len());
}

#[test]
fn each_part_of_an_event_changes_its_event_id() {
    let event = json!({
        "flow": {"id": "f", "type": "browser", "request_url": "https://example.com/a"},
        "hook": {"flow": "registration", "method": "password", "when": "after_save"},
        "identity": {
            "id": "i", "schema_id": "s", "metadata_public": {"plan": "free"},
            "traits": {"email": "ann@example.com"},
            "verifiable_addresses": [{"value": "ann@example.com", "verified": false}],
        },
        "transient_payload": {"a": 1},
        "unknown": [1],
    });
    let pointers = [
        "/flow/id",
        "/flow/type",
        "/flow/request_url",
        "/hook/flow",
        "/hook/method",
        "/hook/when",
        "/identity/id",
        "/identity/schema_id",
        "/identity/metadata_public/plan",
        "/identity/traits/email",
        "/identity/verifiable_addresses/0/verified",
        "/transient_payload/a",
        "/unknown/0",
    ];
    let plain = key(&event.to_string());
    for pointer in pointers {
        let mut other = event.clone();
        *other.pointer_mut(pointer).unwrap() = json!("another");
        assert_ne!(key(&other.to_string()), plain, "{pointer}");
    }
}
