//! No reply loses a key, with any ctx and any output of the template.

use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    ctx::Ctx,
    template::{Rendering, Source, Template},
};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(inner, 0..4),
        ]
    })
}

fn members(
    values: impl Strategy<Value = Value>,
    how_many: std::ops::Range<usize>,
) -> impl Strategy<Value = Value> {
    // `a~/` so that names need escapes.
    prop::collection::btree_map("[a-d]|a~/|", values, how_many)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

fn objects() -> impl Strategy<Value = Value> {
    members(values(), 0..5)
}

/// Mostly valid values; also anything else, or nothing.
fn fields() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![6 => objects().prop_map(Some), 1 => values().prop_map(Some), 1 => Just(None)]
}

fn with(fields: [(&str, Option<Value>); 3]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Any valid ctx.
fn contexts() -> impl Strategy<Value = Value> {
    let hook = prop_oneof![
        4 => prop::sample::select(vec!["registration", "settings"]).prop_map(|flow| json!({"flow": flow})),
        1 => Just(json!({"flow": "login"})),
        1 => values(),
    ];
    let id = prop::sample::select(vec!["i", "00000000-0000-0000-0000-000000000000"]);
    (hook, id, fields(), fields()).prop_map(|(hook, id, traits, metadata)| {
        let identity =
            with([("id", Some(json!(id))), ("traits", traits), ("metadata_public", metadata)]);
        json!({"hook": hook, "identity": identity})
    })
}

/// Any output of a template; mostly one that changes an identity.
fn results() -> impl Strategy<Value = Value> {
    let identity = (fields(), fields(), prop::option::of(fields())).prop_map(|(a, b, admin)| {
        let admin = admin.flatten();
        with([("traits", a), ("metadata_public", b), ("metadata_admin_replace", admin)])
    });
    prop_oneof![8 => identity.prop_map(|identity| json!({ "identity": identity })), 1 => values()]
}

/// Whether each key is still there, at every depth. Lists count as a whole.
fn keeps_keys(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .all(|(name, value)| after.get(name).is_some_and(|kept| keeps_keys(value, kept))),
        (Value::Object(before), _) => before.is_empty(),
        _ => true,
    }
}

/// Whether all wanted changes are there.
fn holds(wanted: &Value, got: &Value) -> bool {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => wanted
            .iter()
            .all(|(name, value)| got.get(name).is_some_and(|found| holds(value, found))),
        _ => wanted == got,
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().any(holds_null),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// Kratos replaces each field that a reply names with the reply's value, whole.
    #[test]
    fn no_member_of_traits_or_metadata_is_lost(ctx in contexts(), result in results()) {
        let sanitized = Ctx::decode(ctx.to_string().as_bytes()).unwrap().sanitize();
        let Ok(Reply::Identity(identity)) = Reply::build(&result, &sanitized) else { return Ok(()) };
        let (before, wanted) = (&ctx["identity"], &result["identity"]);
        for field in ["traits", "metadata_public"] {
            let Some(after) = identity.get(field) else {
                prop_assert!(wanted.get(field).is_none());
                continue;
            };
            prop_assert!(after.is_object(), "{field}");
            prop_assert!(keeps_keys(&before[field], after), "{field}: {} -> {after}", before[field]);
            prop_assert!(holds(&wanted[field], after), "{field}: {} -> {after}", wanted[field]);
            prop_assert!(!holds_null(&wanted[field]), "{field}: {}", wanted[field]);
        }
        prop_assert_eq!(identity.get("metadata_admin"), wanted.get("metadata_admin_replace"));
        for field in identity.as_object().unwrap().keys() {
            prop_assert!(["traits", "metadata_public", "metadata_admin"].contains(&field.as_str()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// On every way through a template and the merge, a number is written unchanged, or not at all.
    #[test]
    fn number_is_written_exactly_or_not_at_all(
        number in prop_oneof![
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-(1_i64 << 54)..(1 << 54)).prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
        ],
        is_touched: bool,
    ) {
        let code = if is_touched {
            "function(ctx) { identity: { traits: { list: [ctx.identity.traits.list[0]] } } }"
        } else {
            "function(ctx) { identity: { traits: { other: 1 } } }"
        };
        let body = json!({
            "hook": {"flow": "settings"},
            "identity": {"id": "i", "traits": {"list": [{"number": number}]}},
        });
        let ctx = Ctx::decode(body.to_string().as_bytes()).unwrap().sanitize();
        let source = Source::shipped("t", code);
        let template = Template::begin(Rendering::InPlace, source);
        let result = template.render(vec![("ctx", ctx.as_value().clone())]).now_or_never();
        match Reply::build(&result.unwrap().unwrap(), &ctx) {
            Ok(Reply::Identity(identity)) => {
                let written = &identity["traits"]["list"][0]["number"];
                prop_assert_eq!(written.to_string(), number.to_string());
            }
            refused => prop_assert_eq!(refused, Err(BrokenRule::NumberRounded)),
        }
        let is_safe = number.as_i64().is_some_and(|number| number.unsigned_abs() < 1 << 53);
        let rounds = Reply::build(&json!({"identity": {"traits": {"n": number}}}), &ctx).is_err();
        prop_assert_eq!(rounds, !is_safe);
    }
}

/// So that the property is about replies: most cases produce one.
#[test]
fn generated_replies_are_often_valid() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut replies = 0;
    for _ in 0..500 {
        let (ctx, result) = (contexts(), results()).new_tree(&mut runner).unwrap().current();
        let sanitized = Ctx::decode(ctx.to_string().as_bytes()).unwrap().sanitize();
        replies += usize::from(matches!(Reply::build(&result, &sanitized), Ok(Reply::Identity(_))));
    }
    assert!(replies > 50, "{replies}");
}
