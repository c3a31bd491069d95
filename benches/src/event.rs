//! Events, each unique: a duplicate would be too fast.

use bytes::Bytes;
use integration::sign_up::{random_id, sign_up as event_of};
use serde_json::Value;

pub(crate) use integration::sign_up::ctx;

/// The sign-up of a new person.
pub(crate) fn sign_up(ctx: &Value) -> Bytes {
    Value::from(event_of(ctx, random_id(), random_id())).to_string().into()
}
