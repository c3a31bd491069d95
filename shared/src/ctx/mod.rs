//! Ory's `ctx`: what a webhook template forwards about a flow.
//!
//! Nothing in it is certain: templates forward what their authors chose, so every key is
//! optional, unknown ones are kept, and only `identity` is asked for.

mod forward;
mod hook;
mod reduce;

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub use forward::FORWARD;
pub use hook::{Hook, When};
pub use reduce::{NIL_ID, Reduced};

/// A body that holds no usable `ctx`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CtxError {
    /// Kratos sends an empty body when a template and its ctx outgrow the evaluator's input.
    #[error(
        "the body is empty; Kratos sends one when the webhook's template and ctx together exceed its limit"
    )]
    Empty,
    /// Not JSON, or not UTF-8, or nested too deep.
    #[error("the body is not JSON")]
    NotJson,
    /// JSON, but no object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// No `identity`, which every hook after a flow has.
    #[error("the body holds no `identity`; does the webhook's template forward it?")]
    NoIdentity,
}

/// The most levels that a ctx may have. JSON is read to a depth of 127, and the message in which a
/// ctx rests is a level of its own, so one level more would be stored and never read again.
const MAX_LEVELS: usize = 126;

/// What came, decoded.
pub struct Ctx(Map<String, Value>);

impl Ctx {
    /// Reads a body: a ctx, bare or wrapped as `{"ctx": …}`.
    pub fn decode(body: &[u8]) -> Result<Self, CtxError> {
        if body.trim_ascii().is_empty() {
            return Err(CtxError::Empty);
        }
        let Value::Object(mut object) =
            serde_json::from_slice(body).map_err(|_| CtxError::NotJson)?
        else {
            return Err(CtxError::NotAnObject);
        };
        let ctx = match object.get_mut("ctx") {
            Some(Value::Object(wrapped)) => std::mem::take(wrapped),
            _ => object,
        };
        match ctx.get("identity") {
            Some(Value::Object(_))
                if ctx.values().all(|value| has_levels(value, MAX_LEVELS - 1)) =>
            {
                Ok(Self(ctx))
            }
            Some(Value::Object(_)) => Err(CtxError::NotJson),
            _ => Err(CtxError::NoIdentity),
        }
    }

    /// Drops what must not travel on, see [`Reduced`].
    pub fn reduce(self) -> Reduced {
        Reduced::of(self.0)
    }
}

/// Whether a value has no more levels than these.
fn has_levels(value: &Value, most: usize) -> bool {
    match value {
        Value::Array(items) => most > 0 && items.iter().all(|item| has_levels(item, most - 1)),
        Value::Object(fields) => {
            most > 0 && fields.values().all(|field| has_levels(field, most - 1))
        }
        _ => true,
    }
}

/// Go's zero time, which Ory writes where there is none.
pub const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// A timestamp of Ory's, where it is one: Go's zero time means that there is none.
pub fn timestamp(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().filter(|time| time.year() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ctx_comes_bare_or_wrapped_and_needs_an_identity() {
        let table: [(&str, Option<CtxError>); 14] = [
            (r#"{"identity":{}}"#, None),
            (r#"{"ctx":{"identity":{}}}"#, None),
            (r#"{"ctx":5,"identity":{}}"#, None),
            (r#"{"identity":{"id":"x"},"unknown":[1,2]}"#, None),
            ("", Some(CtxError::Empty)),
            (" \n", Some(CtxError::Empty)),
            ("{", Some(CtxError::NotJson)),
            ("<html>", Some(CtxError::NotJson)),
            ("[]", Some(CtxError::NotAnObject)),
            ("null", Some(CtxError::NotAnObject)),
            ("{}", Some(CtxError::NoIdentity)),
            (r#"{"ctx":{}}"#, Some(CtxError::NoIdentity)),
            (r#"{"identity":null}"#, Some(CtxError::NoIdentity)),
            (r#"{"identity":"x"}"#, Some(CtxError::NoIdentity)),
        ];
        for (body, error) in table {
            assert_eq!(Ctx::decode(body.as_bytes()).err(), error, "{body}");
        }
        assert_eq!(Ctx::decode(b"\xff{}").err(), Some(CtxError::NotJson));
        let deep = "[".repeat(100_000);
        assert_eq!(Ctx::decode(deep.as_bytes()).err(), Some(CtxError::NotJson));
    }

    #[test]
    fn a_ctx_is_no_deeper_than_a_message_can_hold() {
        let at = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
            format!("{{\"identity\":{{\"x\":{open}{close}}}}}")
        };
        let decode = |body: &str| Ctx::decode(body.as_bytes()).err();
        for (levels, error) in [(126, None), (127, Some(CtxError::NotJson))] {
            assert_eq!(decode(&at(levels)), error, "{levels}");
            assert_eq!(decode(&format!("{{\"ctx\":{}}}", at(levels))), error, "{levels}");
        }
    }

    #[test]
    fn the_zero_time_is_no_time() {
        assert_eq!(timestamp(ZERO_TIME), None);
        assert_eq!(timestamp("yesterday"), None);
        assert!(timestamp("2023-01-31T11:19:35.782238Z").is_some());
    }
}
