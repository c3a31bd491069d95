//! Mandrill's error responses, beside those that the fake gives by itself.

use fakes::server::FakeReply;
use serde_json::{Value, json};

/// An error by its name.
pub(super) fn error(status: u16, name: &str) -> FakeReply {
    let message = "You must do something about ann@example.com";
    FakeReply::json(
        status,
        &json!({"status": "error", "code": -1, "name": name, "message": message}),
    )
}

/// The row of the one recipient.
pub(super) fn row(status: &str, reject_reason: Option<&str>) -> FakeReply {
    rows(&json!([{
        "email": "ann@example.com", "status": status, "_id": "m1",
        "reject_reason": reject_reason, "queued_reason": null,
    }]))
}

/// Rows of any kind.
pub(super) fn rows(rows: &Value) -> FakeReply {
    FakeReply::json(200, rows)
}
