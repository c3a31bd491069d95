//! Events, each of its own: no duplicate flatters.

use bytes::Bytes;
use integration::sign_up::{random_id, sign_up as event_of};
use serde_json::Value;

pub(crate) use integration::sign_up::ctx;

/// The sign-up of somebody who was never seen before.
pub(crate) fn sign_up(ctx: &Value) -> Bytes {
    Value::from(event_of(ctx, random_id(), random_id())).to_string().into()
}
