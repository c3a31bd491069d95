//! Ory's `ctx`: what a webhook template forwards about a flow.
//!
//! Nothing in it is guaranteed: templates forward what their authors chose, so every key is
//! optional, unknown ones are kept, and only `identity` is required.

mod forward;
mod greeting;
mod hook;
mod read;
mod recipient;
mod sanitize;
mod snapshot;
mod template_settings;
mod url;

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub use forward::FORWARD;
pub use hook::{AddAs, Hook, When};
pub use recipient::as_address;
pub use sanitize::{NIL_ID, SanitizedCtx};
pub use template_settings::TemplateSettings;

/// The most levels of a ctx, itself the first. The JSON parser reads at most 127, and the queue's
/// message adds one around the ctx: a deeper one could be enqueued and never be read.
const MAX_DEPTH: usize = 126;

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
    /// JSON, but deeper than a message could hold.
    #[error("the ctx nests more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// JSON, but no object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// No `identity`, which every hook after a flow has.
    #[error("the body has no `identity`; does the template of the webhook forward it?")]
    NoIdentity,
}

/// A decoded ctx.
pub struct Ctx(Map<String, Value>);

impl Ctx {
    /// Reads a body: a ctx, bare or wrapped as `{"ctx": …}`. What sanitizing drops by its name is not
    /// read.
    pub fn decode(body: &[u8]) -> Result<Self, CtxError> {
        if body.trim_ascii().is_empty() {
            return Err(CtxError::Empty);
        }
        let Value::Object(mut object) = read::body(body).ok_or(CtxError::NotJson)? else {
            return Err(CtxError::NotAnObject);
        };
        let ctx = match object.get_mut("ctx") {
            Some(Value::Object(wrapped)) => std::mem::take(wrapped),
            _ => object,
        };
        if 1 + deepest(ctx.values()) > MAX_DEPTH {
            return Err(CtxError::TooDeep);
        }
        match ctx.get("identity") {
            Some(Value::Object(_)) => Ok(Self(ctx)),
            _ => Err(CtxError::NoIdentity),
        }
    }

    /// Drops what must not be passed on, see [`SanitizedCtx`].
    pub fn sanitize(self) -> SanitizedCtx {
        SanitizedCtx::of(self.0)
    }
}

/// The levels of the deepest value. It recurses once per level, and the parser limits those.
fn deepest<'a>(values: impl Iterator<Item = &'a Value>) -> usize {
    let levels = values.map(|value| match value {
        Value::Array(items) => 1 + deepest(items.iter()),
        Value::Object(fields) => 1 + deepest(fields.values()),
        _ => 0,
    });
    levels.max().unwrap_or(0)
}

/// Go's zero time, which Ory writes for a missing time.
pub const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// A timestamp of Ory's; Go's zero time means that there is none.
pub fn timestamp(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().filter(|time| time.year() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::EventId, message::Message};

    #[test]
    fn ctx_is_bare_or_wrapped_and_requires_an_identity() {
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
    fn accepted_nesting_depth_survives_the_queue() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let taken = (1..130).filter(|levels| {
            let body = format!(r#"{{"identity":{{}},"deep":{}}}"#, nested(*levels));
            let Ok(ctx) = Ctx::decode(body.as_bytes()) else { return false };
            let (key, now) = (EventId::digest(b""), OffsetDateTime::UNIX_EPOCH);
            let message = Message::new("f", key, now, ctx.sanitize());
            let read = Message::<SanitizedCtx>::from_json(&message.to_json().unwrap(), "f");
            assert!(read.is_ok_and(|read| read.event == message.event), "{levels}");
            true
        });
        // The ctx adds one level around them.
        assert_eq!(taken.count(), MAX_DEPTH - 1);
    }

    #[test]
    fn zero_time_is_absent() {
        assert_eq!(timestamp(ZERO_TIME), None);
        assert_eq!(timestamp("yesterday"), None);
        assert!(timestamp("2023-01-31T11:19:35.782238Z").is_some());
    }
}
