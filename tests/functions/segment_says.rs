//! Segment's answers, other than the honest ones of the stand-in.

use std::time::Duration;

use http::Response;
use ory_actions::server::Reply;
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

/// What stands before Segment, when Segment itself is away.
pub(crate) fn html(status: u16) -> Reply {
    Reply::text(status, "text/html", "<html><body>Bad Gateway</body></html>")
}

/// JSON, or what was to become some.
pub(crate) fn text(status: u16, text: impl Into<String>) -> Reply {
    Reply::text(status, "application/json", text.into())
}

/// An answer with a header.
pub(crate) fn with_header(status: u16, name: &str, value: &str) -> Reply {
    let response = Response::builder().status(status).header(name, value);
    Reply::Answer(response.body("{}".into()).unwrap())
}

/// Nothing, for longer than anybody waits.
pub(crate) fn nothing() -> Reply {
    Reply::After(Duration::from_mins(10), Box::new(Reply::HangUp))
}
