//! Segment's error responses, beside those that the fake gives by itself.

use fakes::server::FakeReply;
use serde_json::json;

/// A refusal without a word of why.
pub(crate) fn refused(status: u16) -> FakeReply {
    FakeReply::json(status, &json!({"success": false}))
}

/// A refusal of the write key.
pub(crate) fn bad_key(status: u16) -> FakeReply {
    let message = "An invalid write key was provided";
    FakeReply::json(status, &json!({"success": false, "message": message}))
}

/// JSON, or what was to become some.
pub(crate) fn text(status: u16, text: impl Into<String>) -> FakeReply {
    FakeReply::text(status, "application/json", text.into())
}
