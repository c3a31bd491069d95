//! Segment's error responses, beside those that the fake gives by itself.

use fakes::server::Reply;
use serde_json::json;

/// A refusal without a word of why.
pub(crate) fn refused(status: u16) -> Reply {
    Reply::json(status, &json!({"success": false}))
}

/// A refusal of the write key.
pub(crate) fn bad_key(status: u16) -> Reply {
    let message = "An invalid write key was provided";
    Reply::json(status, &json!({"success": false, "message": message}))
}

/// JSON, or what was to become some.
pub(crate) fn text(status: u16, text: impl Into<String>) -> Reply {
    Reply::text(status, "application/json", text.into())
}
