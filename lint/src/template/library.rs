//! How the results of `std` functions depend on their arguments, as far as the rules need it.

use std::rc::Rc;

use jrsonnet_ir::IStr;

use super::{
    value::{Member, ThunkId, Value},
    walk::Walk,
};

/// Functions whose result contains nothing of their arguments: tests, counts and names.
const TELL_NOTHING: [&str; 30] = [
    "all",
    "any",
    "assertEqual",
    "contains",
    "count",
    "endsWith",
    "equals",
    "find",
    "findSubstr",
    "isArray",
    "isBoolean",
    "isDecimal",
    "isEmpty",
    "isEven",
    "isFunction",
    "isInteger",
    "isNull",
    "isNumber",
    "isObject",
    "isOdd",
    "isString",
    "length",
    "member",
    "range",
    "setMember",
    "startsWith",
    "primitiveEquals",
    "type",
    "codepoint",
    "clamp",
];

/// Functions whose result is made from the results of a function argument.
const MADE_BY_A_FUNCTION: [&str; 9] = [
    "filterMap",
    "flatMap",
    "foldl",
    "foldr",
    "makeArray",
    "map",
    "mapWithIndex",
    "mapWithKey",
    "mapWithIndexAndKey",
];

/// Functions that check whether a key is present.
const ASK_FOR_A_KEY: [&str; 3] = ["objectHas", "objectHasAll", "objectHasEx"];

/// Functions that tell the type of a value, and so whether it is null.
const TELL_THE_TYPE: [&str; 8] =
    ["isArray", "isBoolean", "isFunction", "isNull", "isNumber", "isObject", "isString", "type"];

/// Functions that fail if their first argument is null; `std.get` is treated as an index.
const WANT_NO_NULL: [&str; 13] = [
    "length",
    "mapWithKey",
    "objectFields",
    "objectFieldsAll",
    "objectHas",
    "objectHasAll",
    "objectHasEx",
    "objectKeysValues",
    "objectKeysValuesAll",
    "objectRemoveKey",
    "objectValues",
    "objectValuesAll",
    "split",
];

pub(super) fn apply<'a>(
    walk: &mut Walk<'a>,
    name: &str,
    arguments: &[Value<'a>],
    at: u32,
) -> Value<'a> {
    nulls(walk, name, arguments);
    match (name, arguments) {
        ("get", [object, key, defaults @ ..]) => {
            let mut either = vec![walk.field(object, key, at, true)];
            either.extend(defaults.first().cloned());
            Value::mix(either)
        }
        ("trace", [_, passed_on, ..]) => passed_on.clone(),
        ("extVar" | "native", _) => {
            let variable = match arguments {
                [Value::Text(variable), ..] if name == "extVar" => Some(variable.to_string()),
                _ => None,
            };
            walk.external(variable, at);
            Value::Opaque
        }
        ("objectFields" | "objectFieldsAll", [object]) => Value::Fields(Rc::new(object.clone())),
        ("member" | "contains", [Value::Fields(object), key]) => {
            walk.guard(object, key);
            Value::Scalar
        }
        ("mergePatch", [target, patch]) => {
            let patch = merged_into(walk, patch);
            Value::sum(target.clone(), patch)
        }
        ("objectRemoveKey", [object, Value::Text(name)]) => {
            let nothing = walk.done(Value::Opaque);
            Value::sum(object.clone(), removal(name, nothing))
        }
        (ask, [object, key, ..]) if ASK_FOR_A_KEY.contains(&ask) => {
            walk.guard(object, key);
            Value::Scalar
        }
        (other, _) => {
            let made = results_of_functions(walk, arguments);
            if TELL_NOTHING.contains(&other) {
                Value::Scalar
            } else if MADE_BY_A_FUNCTION.contains(&other) {
                Value::mix(made)
            } else {
                let given = arguments.iter().filter(|value| !matches!(value, Value::Function(_)));
                Value::mix(given.cloned().collect())
            }
        }
    }
}

/// A patch as an object to add: what is null in it is removed, and objects are merged.
fn merged_into<'a>(walk: &mut Walk<'a>, patch: &Value<'a>) -> Value<'a> {
    let Value::Object(members) = patch else { return patch.clone() };
    let merged = members.iter().cloned().map(|mut member| {
        let value = walk.force(member.value);
        member.hidden |= matches!(value, Value::Null);
        member.is_added = !matches!(value, Value::Null | Value::Text(_) | Value::Scalar);
        member
    });
    Value::Object(Rc::new(merged.collect()))
}

/// An object that hides the field of another.
fn removal<'a>(name: &IStr, value: ThunkId) -> Value<'a> {
    let name = Some(name.clone());
    Value::Object(Rc::new(vec![Member { name, hidden: true, is_added: false, value, at: 0 }]))
}

fn nulls<'a>(walk: &mut Walk<'a>, name: &str, arguments: &[Value<'a>]) {
    if WANT_NO_NULL.contains(&name)
        && let Some(first) = arguments.iter().find(|value| !matches!(value, Value::Function(_)))
    {
        walk.wants_no_null(first);
    }
    match arguments {
        [value, ..] if TELL_THE_TYPE.contains(&name) => walk.guard_null(value),
        [Value::Null, value] | [value, Value::Null] if name == "equals" => walk.guard_null(value),
        _ => {}
    }
}

/// What the functions among the arguments return for the elements of the others.
fn results_of_functions<'a>(walk: &mut Walk<'a>, arguments: &[Value<'a>]) -> Vec<Value<'a>> {
    let is_function = |value: &&Value<'a>| matches!(value, Value::Function(_));
    let others = arguments.iter().filter(|value| !is_function(value));
    let elements: Vec<_> = others.map(|value| walk.element(value)).collect();
    let element = Value::mix(elements);
    let mut results = Vec::new();
    for argument in arguments {
        if let Value::Function(function) = argument {
            let given = walk.done(element.clone());
            let all = vec![given; function.parameters.len()];
            results.push(walk.call(function, &all, &[]));
        }
    }
    results
}
