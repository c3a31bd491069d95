//! Responses that any vendor may give.

use std::time::Duration;

use fakes::server::FakeReply;
use http::Response;

/// What stands before the vendor, when the vendor itself is away.
pub(crate) fn html(status: u16) -> FakeReply {
    FakeReply::text(status, "text/html", "<html><body>Bad Gateway</body></html>")
}

/// An answer with a header.
pub(crate) fn with_header(status: u16, name: &str, value: &str) -> FakeReply {
    let response = Response::builder().status(status).header(name, value);
    FakeReply::Answer(response.body("{}".into()).unwrap())
}

/// No response within any timeout.
pub(crate) fn nothing() -> FakeReply {
    FakeReply::After(Duration::from_mins(10), Box::new(FakeReply::HangUp))
}
