//! Replies: answers that change the identity or stop the flow, written by a `REPLY_TEMPLATE`.
//!
//! Kratos replaces whole fields with those of a reply, and accepts nearly any value;
//! [`Reply::build`] is the only way to make one, and holds the rules that protect an identity.

mod addresses;
mod messages;
mod rule;

use std::fmt;

use serde_json::{Map, Value, json};

pub use messages::Messages;
pub use rule::BrokenRule;

use crate::{ctx::SanitizedCtx, exact};

/// A reply that breaks no rule.
#[derive(Clone, PartialEq)]
pub enum Reply {
    /// Nothing to say.
    Nothing,
    /// The identity's new fields, each whole.
    Identity(Value),
    /// Messages that stop the flow.
    Messages(Messages),
}

impl fmt::Debug for Reply {
    /// A person's data is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Identity(_) => f.write_str("an identity"),
            Self::Messages(messages) => messages.fmt(f),
        }
    }
}

impl Reply {
    /// Checks the reply template's output, and completes it from ctx.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn build(result: &Value, ctx: &SanitizedCtx) -> Result<Self, BrokenRule> {
        let object = match result {
            Value::Null => return Ok(Self::Nothing),
            Value::Object(object) if object.len() == 1 => object,
            _ => return Err(BrokenRule::Shape),
        };
        if exact::may_be_rounded(result) {
            return Err(BrokenRule::NumberRounded);
        }
        match (object.get("identity"), object.get("messages")) {
            (Some(identity), None) => identity_reply(identity, ctx).map(Self::Identity),
            (None, Some(messages)) => Messages::read(messages, ctx).map(Self::Messages),
            _ => Err(BrokenRule::Shape),
        }
    }
}

fn identity_reply(wanted: &Value, ctx: &SanitizedCtx) -> Result<Value, BrokenRule> {
    if !may_change_identity(ctx) {
        return Err(BrokenRule::IdentityFlow);
    }
    let wanted = wanted.as_object().ok_or(BrokenRule::Shape)?;
    let traits = match wanted.get("traits") {
        Some(change) => merged(ctx.traits(), change, BrokenRule::TraitsUnknown)?,
        None => ctx.traits().clone(),
    };
    let mut reply = Map::new();
    for (field, value) in wanted {
        let (field, value) = match field.as_str() {
            "traits" => ("traits", traits.clone()),
            "metadata_public" => ("metadata_public", metadata_public(value, ctx)?),
            "metadata_admin_replace" => ("metadata_admin", object(value)?),
            "verifiable_addresses" | "recovery_addresses" => {
                (field.as_str(), addresses::within(value, &traits)?)
            }
            _ => return Err(BrokenRule::IdentityField),
        };
        reply.insert(field.to_owned(), value);
    }
    Ok(Value::Object(reply))
}

/// Kratos saves a hook's identity in these two flows only. A login's ctx has an id and a hook that
/// is not one of them; without a hook, only an identity that is not saved yet shows it.
fn may_change_identity(ctx: &SanitizedCtx) -> bool {
    ctx.has_nil_id() || matches!(ctx.hook().flow.as_deref(), Some("registration" | "settings"))
}

/// Kratos always puts `metadata_public` into ctx: if it is missing, the webhook's template left it
/// out, and a merge could lose keys.
fn metadata_public(change: &Value, ctx: &SanitizedCtx) -> Result<Value, BrokenRule> {
    let held = match ctx.identity().get("metadata_public") {
        None => return Err(BrokenRule::MetadataUnknown),
        Some(Value::Null) => json!({}),
        Some(held) => held.clone(),
    };
    merged(&held, change, BrokenRule::MetadataUnknown)
}

fn object(value: &Value) -> Result<Value, BrokenRule> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::Null => Err(BrokenRule::Null),
        _ => Err(BrokenRule::Shape),
    }
}

/// `change` merged over `held`: objects deep, anything else whole. No key of `held` is ever lost,
/// and null, which would lose one, is rejected.
fn merged(held: &Value, change: &Value, not_held: BrokenRule) -> Result<Value, BrokenRule> {
    if !held.is_object() {
        return Err(not_held);
    }
    if !change.is_object() {
        return Err(if change.is_null() { BrokenRule::Null } else { BrokenRule::Shape });
    }
    let mut result = held.clone();
    merge_into(&mut result, change)?;
    // The result also contains ctx's own values, which came through Jsonnet, too.
    if exact::may_have_come_rounded(&result) {
        return Err(BrokenRule::NumberRounded);
    }
    Ok(result)
}

/// The depth is bounded: both sides were parsed from JSON, which refuses to nest deeper than 128.
fn merge_into(held: &mut Value, change: &Value) -> Result<(), BrokenRule> {
    match (held, change) {
        (_, Value::Null) => Err(BrokenRule::Null),
        (Value::Object(held), Value::Object(change)) => {
            for (name, value) in change {
                merge_into(held.entry(name.clone()).or_insert_with(|| json!({})), value)?;
            }
            Ok(())
        }
        // An object with keys loses them if anything else takes its place.
        (Value::Object(held), _) if !held.is_empty() => Err(BrokenRule::KeyLost),
        (held, Value::Object(_)) => {
            *held = json!({});
            merge_into(held, change)
        }
        (held, other) => {
            *held = other.clone();
            Ok(())
        }
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ctx::Ctx;

    fn ctx(ctx: &Value) -> SanitizedCtx {
        Ctx::decode(ctx.to_string().as_bytes()).unwrap().sanitize()
    }

    fn registration() -> SanitizedCtx {
        ctx(&json!({
            "hook": {"flow": "registration", "when": "before_save"},
            "identity": {
                "id": "00000000-0000-0000-0000-000000000000",
                "traits": {"email": "ann@example.com", "name": {"first": "Ann", "last": "Lee"}},
                "metadata_public": null,
            },
        }))
    }

    fn identity(change: Value) -> Result<Value, BrokenRule> {
        match Reply::build(&json!({"identity": change}), &registration())? {
            Reply::Identity(identity) => Ok(identity),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn null_reply_is_empty_and_invalid_shapes_are_refused() {
        let build = |result: Value| Reply::build(&result, &registration());
        assert_eq!(build(json!(null)), Ok(Reply::Nothing));
        let odd = [
            json!({}),
            json!([]),
            json!("x"),
            json!(true),
            json!({"identity": {}, "messages": []}),
            json!({"identity": []}),
            json!({"other": {}}),
            json!({"identity": null}),
        ];
        for result in odd {
            assert_eq!(build(result.clone()), Err(BrokenRule::Shape), "{result}");
        }
    }

    #[test]
    fn traits_are_merged_deeply_and_arrays_replaced() {
        let reply = identity(json!({"traits": {"name": {"last": "Low"}, "tags": ["a"]}})).unwrap();
        let expected = json!({"traits": {
            "email": "ann@example.com", "name": {"first": "Ann", "last": "Low"}, "tags": ["a"],
        }});
        assert_eq!(reply, expected);
    }

    #[test]
    fn reply_that_would_lose_data_is_refused() {
        let table = [
            (json!({"traits": {"email": null}}), BrokenRule::Null),
            (json!({"traits": {"name": {"last": null}}}), BrokenRule::Null),
            (json!({"traits": null}), BrokenRule::Null),
            (json!({"metadata_public": null}), BrokenRule::Null),
            (json!({"metadata_admin_replace": null}), BrokenRule::Null),
            (json!({"traits": {"name": "Ann"}}), BrokenRule::KeyLost),
            (json!({"traits": {"name": []}}), BrokenRule::KeyLost),
            (json!({"traits": "x"}), BrokenRule::Shape),
            (json!({"metadata_admin": {}}), BrokenRule::IdentityField),
            (json!({"id": "x"}), BrokenRule::IdentityField),
            (json!({"credentials": {}}), BrokenRule::IdentityField),
        ];
        for (change, rule) in table {
            assert_eq!(identity(change.clone()), Err(rule), "{change}");
        }
    }

    #[test]
    fn number_that_may_be_rounded_is_not_written() {
        let large = 9_007_199_254_740_992_u64;
        let given = [
            json!({"traits": {"number": large}}),
            json!({"traits": {"number": -9_007_199_254_740_993_i64}}),
            json!({"traits": {"number": 1e20}}),
            json!({"traits": {"list": [[{"number": large}]]}}),
            json!({"metadata_public": {"number": large}}),
            json!({"metadata_admin_replace": {"number": large}}),
            json!({"verifiable_addresses": [{"value": "ann@example.com", "number": large}]}),
        ];
        for change in given {
            assert_eq!(identity(change.clone()), Err(BrokenRule::NumberRounded), "{change}");
        }
        assert!(identity(json!({"traits": {"number": large - 1, "part": 0.1}})).is_ok());
    }

    /// Kratos' own Jsonnet has rounded the numbers in ctx, unless it could not have.
    #[test]
    fn ctx_number_is_written_exactly_or_not_at_all() {
        let merged = |number: Value| {
            let ctx = ctx(&json!({
                "hook": {"flow": "settings"},
                "identity": {"id": "x", "traits": {"deep": [{"number": number}]}},
            }));
            Reply::build(&json!({"identity": {"traits": {"a": 1}}}), &ctx)
        };
        for exact in
            [json!(9_007_199_254_740_991_u64), json!(9_007_199_254_740_993_u64), json!(u64::MAX)]
        {
            let kept = json!({"traits": {"a": 1, "deep": [{"number": exact}]}});
            assert_eq!(merged(exact), Ok(Reply::Identity(kept)));
        }
        for rounded in [json!(9_007_199_254_740_992_u64), json!(1e20)] {
            assert_eq!(merged(rounded), Err(BrokenRule::NumberRounded));
        }
    }

    #[test]
    fn null_metadata_starts_empty_and_admin_metadata_is_replaced_whole() {
        let reply = identity(json!({
            "metadata_public": {"plan": "free"}, "metadata_admin_replace": {"risk": 1},
        }));
        let expected = json!({"metadata_public": {"plan": "free"}, "metadata_admin": {"risk": 1}});
        assert_eq!(reply, Ok(expected));
    }

    #[test]
    fn reply_cannot_merge_over_missing_ctx_fields() {
        let bare = ctx(&json!({"hook": {"flow": "settings"}, "identity": {"id": "x"}}));
        let build = |change: Value| Reply::build(&json!({"identity": change}), &bare);
        assert_eq!(build(json!({"traits": {"a": 1}})), Err(BrokenRule::TraitsUnknown));
        assert_eq!(build(json!({"metadata_public": {"a": 1}})), Err(BrokenRule::MetadataUnknown));
    }

    #[test]
    fn only_registration_and_settings_change_an_identity() {
        let allowed = |hook: Value, id: &str| {
            let ctx = ctx(&json!({"hook": hook, "identity": {"id": id, "traits": {}}}));
            Reply::build(&json!({"identity": {"traits": {"a": 1}}}), &ctx).is_ok()
        };
        let nil = "00000000-0000-0000-0000-000000000000";
        assert!(allowed(json!({"flow": "registration"}), "x"));
        assert!(allowed(json!({"flow": "settings"}), "x"));
        assert!(allowed(json!(null), nil));
        for flow in ["login", "verification", "recovery", "Registration"] {
            assert!(!allowed(json!({"flow": flow}), "x"), "{flow}");
        }
        assert!(!allowed(json!(null), "x"));
    }

    #[test]
    fn addresses_must_be_in_the_traits() {
        let verified = |value: &str| json!([{"value": value, "via": "email", "verified": true, "status": "completed"}]);
        let own = json!({"verifiable_addresses": verified("ann@example.com")});
        assert_eq!(identity(own.clone()), Ok(own));
        let other = json!({"recovery_addresses": verified("eve@example.com")});
        assert_eq!(identity(other), Err(BrokenRule::AddressNotInTraits));
        let added = json!({
            "traits": {"email2": "eve@example.com"},
            "recovery_addresses": verified("eve@example.com"),
        });
        assert!(identity(added).is_ok(), "the traits that count are the new ones");
        for odd in [json!(null), json!({}), json!(["x"]), json!([{}]), json!([{"value": 1}])] {
            let change = json!({"verifiable_addresses": odd});
            assert_eq!(identity(change.clone()), Err(BrokenRule::Shape), "{change}");
        }
    }
}
