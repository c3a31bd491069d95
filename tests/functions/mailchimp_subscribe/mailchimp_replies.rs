//! Mailchimp's error responses, beside those that the fake gives by itself.

use fakes::server::FakeReply;
use serde_json::json;

/// A problem, as in Mailchimp's error glossary.
pub(super) fn problem(status: u16, title: &str) -> FakeReply {
    detailed(status, title, "")
}

/// The same with a detail.
pub(super) fn detailed(status: u16, title: &str, detail: &str) -> FakeReply {
    FakeReply::json(status, &json!({"title": title, "status": status, "detail": detail}))
}

/// An invalid field.
pub(super) fn invalid(field: &str, message: &str) -> FakeReply {
    let errors = json!([{"field": field, "message": message}]);
    let detail = "Your merge fields were invalid.";
    let body = json!({
        "title": "Invalid Resource", "status": 400, "detail": detail, "errors": errors,
    });
    FakeReply::json(400, &body)
}

/// The edge in front of the API, at very high volume.
pub(super) fn edge(status: u16) -> FakeReply {
    FakeReply::text(status, "text/plain", "Access Denied")
}

/// JSON, or what was to become some.
pub(super) fn text(status: u16, text: &str) -> FakeReply {
    FakeReply::text(status, "application/json", text.to_owned())
}
