//! A template's JSON Patch for an identity: what it may change, and which parts change anything.
//!
//! Ory supports only `add`, `remove` and `replace` of RFC 6902, creates missing parents, and
//! refuses to remove what does not exist (ory/x, `jsonx/patch.go`).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The largest number in a path. If there is no list yet, Ory makes one, and fills any up to the
/// number (evanphx/json-patch, `ensurePathExists`): a number that a person typed, or an audience's
/// numeric id, would fill Ory's memory.
const LARGEST_INDEX: i64 = 1000;

/// The longest path, in bytes: a person's record remembers written paths.
const MAX_PATH_BYTES: usize = 250;

/// One operation of a JSON Patch.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Operation {
    /// Sets a member, or inserts into a list.
    Add {
        /// The path.
        path: Pointer,
        /// The value.
        value: Value,
    },
    /// Removes a member.
    Remove {
        /// The path.
        path: Pointer,
    },
    /// Sets a member.
    Replace {
        /// The path.
        path: Pointer,
        /// The value.
        value: Value,
    },
}

impl fmt::Debug for Operation {
    /// A value is a person's data: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self {
            Self::Add { .. } => "add",
            Self::Remove { .. } => "remove",
            Self::Replace { .. } => "replace",
        };
        write!(f, "{op} {:?}", self.path())
    }
}

impl Operation {
    pub(super) fn path(&self) -> &Pointer {
        match self {
            Self::Add { path, .. } | Self::Remove { path } | Self::Replace { path, .. } => path,
        }
    }
}

/// A JSON Pointer (RFC 6901), decoded.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pointer(Vec<String>);

impl fmt::Debug for Pointer {
    /// A template may build its names from a person's input.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a pointer of {} tokens", self.0.len())
    }
}

impl Pointer {
    /// Reads one; `None` if invalid.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let tokens = text.strip_prefix('/')?.split('/').map(decoded);
        tokens.collect::<Option<_>>().map(Self)
    }

    /// Whether this is `other` or below it, token by token.
    fn is_at_or_under(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    fn is_too_long(&self) -> bool {
        self.0.iter().map(|token| 1 + token.len()).sum::<usize>() > MAX_PATH_BYTES
    }

    /// Its tokens, decoded.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a token is a number, as Go reads them, that is no valid index of a real list.
    fn is_beyond_a_list(&self) -> bool {
        self.0.iter().any(|token| token.parse::<i64>().is_ok_and(|index| index > LARGEST_INDEX))
    }
}

/// `~1` is a slash and `~0` a tilde; a tilde before anything else is an error.
fn decoded(token: &str) -> Option<String> {
    let plain = token.replace("~1", "").replace("~0", "");
    (!plain.contains('~')).then(|| token.replace("~1", "/").replace("~0", "~"))
}

impl TryFrom<String> for Pointer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a JSON Pointer")
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        let encoded = |token: &String| format!("/{}", token.replace('~', "~0").replace('/', "~1"));
        pointer.0.iter().map(encoded).collect()
    }
}

/// Where a template may patch; nowhere by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchPaths(Vec<Pointer>);

impl PatchPaths {
    /// Reads a comma-separated list. Each pointer has two tokens at least: one alone would open all
    /// traits, or all metadata.
    pub fn parse(text: &str) -> Option<Self> {
        let wide_enough = |pointer: &Pointer| {
            pointer.0.len() >= 2 && pointer.0.iter().all(|token| !token.is_empty())
        };
        let pointers = text.split(',').map(|text| Pointer::parse(text.trim()).filter(wide_enough));
        pointers.collect::<Option<_>>().map(Self)
    }

    fn admit(&self, path: &Pointer) -> bool {
        self.0.iter().any(|allowed| path.is_at_or_under(allowed))
    }
}

/// Reads a template's output.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn read(ory: Value, paths: &PatchPaths) -> Result<Vec<Operation>, &'static str> {
    let Value::Object(mut ory) = ory else { return Err("`ory` is not an object") };
    let patch = ory.remove("patch").unwrap_or_else(|| Value::Array(Vec::new()));
    if !ory.is_empty() {
        return Err("`ory` has fields other than `patch`");
    }
    let operations: Vec<Operation> = serde_json::from_value(patch)
        .map_err(|_| "`ory.patch` is no JSON Patch of `add`, `remove` and `replace`")?;
    if !operations.iter().all(|operation| paths.admit(operation.path())) {
        return Err("`ory.patch` touches a path outside ORY_PATCH_PATHS");
    }
    if operations.iter().any(|operation| operation.path().is_too_long()) {
        return Err("`ory.patch` has a path of over 250 bytes");
    }
    if operations.iter().any(|operation| operation.path().is_beyond_a_list()) {
        return Err(
            "`ory.patch` has a number over 1000 in a path, up to which Ory would fill a list",
        );
    }
    Ok(operations)
}

/// The operations that change anything, in their order: each is compared with the identity as those
/// before it leave it. `may` gets an operation and the identity after it; if it says no, the
/// operation is left out, too.
pub fn effective(
    operations: Vec<Operation>,
    identity: &Value,
    mut may: impl FnMut(&Operation, &Value) -> bool,
) -> Vec<Operation> {
    let mut state = identity.clone();
    let changes = |operation: &Operation| {
        let mut after = state.clone();
        let is_effective = apply(operation, &mut after) && may(operation, &after);
        if is_effective {
            state = after;
        }
        is_effective
    };
    operations.into_iter().filter(changes).collect()
}

/// Whether the state already is as the operations leave it. Insertions into a list are ignored:
/// nothing shows whether they were made.
pub(super) fn is_done(operations: &[Operation], state: &Value) -> bool {
    let mut after = state.clone();
    for operation in operations {
        let parents = operation.path().0.split_last().map_or(&[][..], |(_, parents)| parents);
        if !matches!(find(&mut after, parents), Some(Value::Array(_))) {
            apply(operation, &mut after);
        }
    }
    after == *state
}

/// Whether something that was `false` is `true` afterwards.
pub(super) fn gives_back(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Bool(false), Value::Bool(true)) => true,
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .any(|(name, value)| after.get(name).is_some_and(|after| gives_back(value, after))),
        (Value::Array(before), Value::Array(after)) => {
            before.iter().zip(after).any(|(before, after)| gives_back(before, after))
        }
        _ => false,
    }
}

/// Whether the operation changes anything; if so, it is applied.
fn apply(operation: &Operation, state: &mut Value) -> bool {
    let path = &operation.path().0;
    let Some((name, parents)) = path.split_last() else { return true };
    match operation {
        Operation::Remove { .. } => match find(state, parents) {
            Some(Value::Object(parent)) => parent.remove(name).is_some(),
            Some(Value::Array(parent)) => match index(name) {
                Some(index) if index < parent.len() => {
                    parent.remove(index);
                    true
                }
                _ => false,
            },
            _ => false,
        },
        Operation::Add { value, .. } | Operation::Replace { value, .. } => {
            let is_add = matches!(operation, Operation::Add { .. });
            match made(state, path) {
                Some(Value::Object(parent)) => {
                    parent.insert(name.clone(), value.clone()).as_ref() != Some(value)
                }
                Some(Value::Array(parent)) => set_in(parent, name, value, is_add),
                // Ory decides about operations that we cannot simulate.
                _ => true,
            }
        }
    }
}

fn set_in(parent: &mut Vec<Value>, name: &str, value: &Value, is_add: bool) -> bool {
    match index(name) {
        Some(index) if is_add && index <= parent.len() => parent.insert(index, value.clone()),
        Some(index) if !is_add && index < parent.len() => {
            return std::mem::replace(&mut parent[index], value.clone()) != *value;
        }
        _ if is_add && name == "-" => parent.push(value.clone()),
        _ => {}
    }
    true
}

fn find<'a>(state: &'a mut Value, parents: &[String]) -> Option<&'a mut Value> {
    parents.iter().try_fold(state, |value, name| match value {
        Value::Object(object) => object.get_mut(name),
        Value::Array(list) => list.get_mut(index(name)?),
        _ => None,
    })
}

/// The parent of what the path names. Missing ones are created, as Ory does.
fn made<'a>(state: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().zip(path.iter().skip(1)).try_fold(state, |value, (name, next)| {
        let child = match value {
            Value::Object(object) => object.entry(name.clone()).or_insert(Value::Null),
            Value::Array(list) => {
                let index = if name == "-" { list.len() } else { index(name)? };
                list.resize(list.len().max(index + 1), Value::Null);
                &mut list[index]
            }
            _ => return None,
        };
        if child.is_null() {
            *child = parent_of(next);
        }
        Some(child)
    })
}

/// A list if `name` is a place in one, filled with null up to there; otherwise an object.
fn parent_of(name: &str) -> Value {
    match index(name) {
        Some(index) => Value::Array(vec![Value::Null; index]),
        None if name == "-" => Value::Array(Vec::new()),
        None => Value::Object(Map::new()),
    }
}

/// The place in a list, as Go reads it.
fn index(token: &str) -> Option<usize> {
    let index = token.parse::<i64>().ok().filter(|index| *index <= LARGEST_INDEX)?;
    usize::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const DEFAULT: &str = "/traits/consent/newsletter,/metadata_public/mailchimp";

    fn paths() -> PatchPaths {
        PatchPaths::parse(DEFAULT).unwrap()
    }

    fn patch(operations: Value) -> Result<Vec<Operation>, &'static str> {
        read(json!({ "patch": operations }), &paths())
    }

    #[test]
    fn huge_array_index_in_a_path_is_refused() {
        let under = |tokens: &str| {
            let path = format!("/metadata_public/mailchimp/{tokens}");
            patch(json!([{"op": "add", "path": path, "value": 1}])).is_ok()
        };
        for tokens in ["0", "1000", "a1234567890", "99999999999999999999", "-", "-5000", "1e9"] {
            assert!(under(tokens), "{tokens}");
        }
        for tokens in ["1001", "1234567890", "lists/9551000003/x", "+2000", "0002000"] {
            assert!(!under(tokens), "{tokens}");
        }
    }

    #[test]
    fn paths_are_compared_token_by_token() {
        let table = [
            ("/traits/consent/newsletter", true),
            ("/traits/consent/newsletter/deep/er", true),
            ("/metadata_public/mailchimp", true),
            ("/metadata_public/mailchimp/undeliverable", true),
            ("/metadata_public/mailchimp/0", true),
            ("/metadata_public/mailchimp_x", false),
            ("/metadata_public/mail~1chimp", false),
            ("/metadata_public/mailchimp~1x", false),
            ("/metadata_public", false),
            ("/metadata_publi~0c/mailchimp", false),
            ("/traits/consent", false),
            ("/traits/email", false),
            ("/traits/consent/newsletters", false),
            ("/traits//consent/newsletter", false),
            ("/Traits/consent/newsletter", false),
            ("/state", false),
            ("/", false),
        ];
        for (path, admitted) in table {
            for operation in [
                json!({"op": "add", "path": path, "value": 1}),
                json!({"op": "replace", "path": path, "value": 1}),
                json!({"op": "remove", "path": path}),
            ] {
                assert_eq!(patch(json!([operation])).is_ok(), admitted, "{operation}");
            }
        }
        let one_outside = json!([
            {"op": "add", "path": "/traits/consent/newsletter", "value": true},
            {"op": "add", "path": "/traits/email", "value": "eve@example.com"},
        ]);
        assert!(patch(one_outside).is_err());
    }

    #[test]
    fn invalid_ory_patch_is_a_template_fault() {
        let path = "/traits/consent/newsletter";
        let table = [
            json!([{"op": "test", "path": path, "value": 1}]),
            json!([{"op": "move", "path": path, "from": "/traits/email"}]),
            json!([{"op": "copy", "path": path, "from": "/traits/email"}]),
            json!([{"op": "ADD", "path": path, "value": 1}]),
            json!([{"op": "add", "path": path}]),
            json!([{"op": "add", "value": 1}]),
            json!([{"op": "add", "path": path, "value": 1, "from": "/traits/email"}]),
            json!([{"op": "add", "path": "traits/consent/newsletter", "value": 1}]),
            json!([{"op": "add", "path": "", "value": 1}]),
            json!([{"op": "add", "path": "/traits/consent/newsletter~2", "value": 1}]),
            json!([null]),
            json!({"op": "remove", "path": path}),
            json!("x"),
        ];
        for operations in table {
            assert!(patch(operations.clone()).is_err(), "{operations}");
        }
        assert!(read(json!([]), &paths()).is_err());
        assert!(read(json!({"patch": [], "put": 1}), &paths()).is_err());
        assert_eq!(read(json!({}), &paths()), Ok(Vec::new()));
    }

    #[test]
    fn allowed_path_has_at_least_two_tokens() {
        for good in ["/traits/a", " /traits/a , /metadata_public/b/c "] {
            assert!(PatchPaths::parse(good).is_some(), "{good}");
        }
        for bad in
            ["/traits", "/", "", "traits/a", "/traits/", "/traits//a", "/a/b,", "/a/b~", "/a/b,/c"]
        {
            assert!(PatchPaths::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn operations_without_effect_are_dropped() {
        let identity = json!({
            "traits": {"consent": {"newsletter": true}, "list": [1, 2]}, "metadata_public": null,
        });
        let set =
            |op: &str, path: &str, value: Value| json!({"op": op, "path": path, "value": value});
        let consent = "/traits/consent/newsletter";
        let undeliverable = "/metadata_public/mailchimp/undeliverable";
        let remove = |path: &str| json!({"op": "remove", "path": path});
        // The operations, and which of them remain.
        let new_list = |place: &str, value: Value| {
            set("add", &format!("/metadata_public/mailchimp/{place}"), value)
        };
        let table: [(Vec<Value>, &[usize]); 18] = [
            (vec![set("add", consent, json!(true))], &[]),
            (vec![set("replace", consent, json!(true))], &[]),
            (vec![set("add", consent, json!(false))], &[0]),
            (vec![set("add", consent, json!("true"))], &[0]),
            (vec![set("add", undeliverable, json!("ann@example.com"))], &[0]),
            (vec![remove(undeliverable)], &[]),
            (vec![remove("/traits/consent/other")], &[]),
            (vec![remove(consent)], &[0]),
            (vec![remove(consent), remove(consent)], &[0]),
            (vec![set("add", consent, json!(false)), set("add", consent, json!(true))], &[0, 1]),
            (vec![set("add", consent, json!(false)), set("add", consent, json!(false))], &[0]),
            (vec![set("add", "/traits/list/0", json!(1))], &[0]),
            (vec![set("replace", "/traits/list/0", json!(1))], &[]),
            (vec![remove("/traits/list/2"), set("add", "/traits/list/-", json!(3))], &[1]),
            // What the first one creates is a list, in which the others insert.
            (vec![new_list("-", json!(1)); 2], &[0, 1]),
            (vec![new_list("0", json!(1)); 2], &[0, 1]),
            (vec![new_list("2/a", json!(1)), new_list("2/a", json!(1))], &[0]),
            (vec![set("add", "/traits/list/4/a", json!(1)), remove("/traits/list/4/a")], &[0, 1]),
        ];
        for (operations, left) in table {
            let all: Vec<Operation> = serde_json::from_value(json!(operations)).unwrap();
            let expected: Vec<_> = left.iter().map(|n| all[*n].clone()).collect();
            assert_eq!(effective(all, &identity, |_, _| true), expected, "{operations:?}");
        }
    }

    /// Paths that are allowed, near misses, and anything else.
    fn paths_to_try() -> impl Strategy<Value = String> {
        let names = prop_oneof![
            4 => prop::sample::select(vec![
                "traits", "consent", "newsletter", "metadata_public", "mailchimp", "a~1b", "c~0d",
            ])
            .prop_map(str::to_owned),
            1 => prop::sample::select(vec![
                "", "-", "0", "..", "newsletterX", "mailchimp_x", "Traits", "a/b", "c~d", "a~01b",
                "metadata_public%2Fmailchimp", "traits~1consent~1newsletter", "metadata_admin",
            ])
            .prop_map(str::to_owned),
            1 => "[a-z~/01_-]{0,4}",
        ];
        let joined = prop::collection::vec(names, 0..5)
            .prop_map(|names| names.iter().flat_map(|name| ["/", name]).collect::<String>());
        let allowed = prop::sample::select(OPENED.split(',').collect::<Vec<_>>());
        prop_oneof![
            3 => joined.clone(),
            3 => (allowed.clone(), joined).prop_map(|(allowed, more)| format!("{allowed}{more}")),
            1 => (allowed, "[a-z~_ ]{1,2}").prop_map(|(allowed, more)| format!("{allowed}{more}")),
        ]
    }

    fn operations() -> impl Strategy<Value = Value> {
        let op =
            prop::sample::select(vec!["add", "replace", "remove", "add", "move", "copy", "test"]);
        let from = prop::option::weighted(0.2, paths_to_try());
        (op, paths_to_try(), from).prop_map(|(op, path, from)| {
            let mut operation = json!({"op": op, "path": path});
            if let Some(from) = from {
                operation["from"] = json!(from);
            }
            if op != "remove" && op != "move" && op != "copy" {
                operation["value"] = json!("changed");
            }
            operation
        })
    }

    /// Two are the default, two have names that need escapes.
    const OPENED: &str = "/traits/consent/newsletter,/metadata_public/mailchimp,\
        /metadata_public/a~1b,/traits/c~0d/newsletter";

    /// An identity in which each allowed path has neighbours.
    fn identity() -> Value {
        let siblings = json!({
            "newsletter": {"deep": 1}, "newsletterX": 1, "mailchimp": {"a": 1}, "mailchimp_x": 1,
            "a/b": {"a": 1}, "a~1b": 1, "a": {"b": 1}, "c~d": {"newsletter": 1, "consent": 1},
            "c~0d": {"newsletter": 1}, "": {"": 1}, "-": 1, "0": 1, "consent": {
                "newsletter": true, "newsletterX": 1, "": 1, "-": 1, "mailchimp": 1,
            },
        });
        json!({
            "id": ID, "traits": siblings, "metadata_public": siblings, "metadata_admin": siblings,
            "mailchimp": 1, "newsletter": 1, "consent": siblings, "": siblings,
            "traits/consent/newsletter": 1, "Traits": siblings,
        })
    }

    const ID: &str = "3a5293f1-f4d6-49f4-b34f-6da62c360604";

    /// The identity without the allowed paths.
    fn closed(mut identity: Value) -> Value {
        for name in ["mailchimp", "a/b"] {
            identity["metadata_public"].as_object_mut().unwrap().remove(name);
        }
        for name in ["consent", "c~d"] {
            identity["traits"][name].as_object_mut().unwrap().remove("newsletter");
        }
        identity
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

        /// Checked with another implementation of JSON Patch: for any accepted patch, nothing else
        /// changes.
        #[test]
        fn no_path_escapes_the_allow_list(patch in prop::collection::vec(operations(), 1..4)) {
            let opened = PatchPaths::parse(OPENED).unwrap();
            let Ok(admitted) = read(json!({ "patch": patch }), &opened) else { return Ok(()) };
            prop_assert_eq!(json!(admitted), json!(patch), "what was admitted is what is sent");
            let mut changed = identity();
            for operation in json!(admitted).as_array().unwrap() {
                let operation: json_patch::Patch = serde_json::from_value(json!([operation])).unwrap();
                // Ory rejects one that does not apply.
                let _ = json_patch::patch(&mut changed, &operation);
            }
            prop_assert_eq!(closed(changed), closed(identity()));
        }

        /// And by the raw text: an escape differs from the character that it stands for.
        #[test]
        fn permitted_path_starts_with_an_allowed_path(path in paths_to_try()) {
            let opened = PatchPaths::parse(OPENED).unwrap();
            let is_admitted = read(json!({"patch": [{"op": "remove", "path": path}]}), &opened).is_ok();
            let begins = OPENED.split(',').any(|allowed| {
                path == allowed || path.starts_with(&format!("{allowed}/"))
            });
            let is_pointer = Pointer::parse(&path).is_some();
            prop_assert_eq!(is_admitted, begins && is_pointer);
        }

        #[test]
        fn applied_patch_is_idempotent(
            values in prop::collection::vec((0_usize..3, any::<bool>(), any::<bool>()), 0..8)
        ) {
            let names = ["a", "b", "c/d"];
            let operations: Vec<_> = values.into_iter().map(|(name, value, removes)| {
                let path = Pointer(vec!["traits".to_owned(), names[name].to_owned()]);
                if removes {
                    Operation::Remove { path }
                } else {
                    Operation::Add { path, value: json!(value) }
                }
            }).collect();
            let mut state = json!({});
            for operation in &operations {
                apply(operation, &mut state);
            }
            // Only the last operation on each path counts for what is left to do.
            let mut last = Vec::new();
            for operation in operations.iter().rev() {
                if !last.iter().any(|other: &Operation| other.path() == operation.path()) {
                    last.push(operation.clone());
                }
            }
            prop_assert_eq!(effective(last, &state, |_, _| true), Vec::new());
        }
    }
}
