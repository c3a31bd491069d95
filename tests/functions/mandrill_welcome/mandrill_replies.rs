//! Mandrill's error responses, beside those that the fake gives by itself.

use fakes::server::Reply;
use serde_json::{Value, json};

/// An error by its name.
pub(super) fn error(status: u16, name: &str) -> Reply {
    let message = "You must do something about ann@example.com";
    Reply::json(status, &json!({"status": "error", "code": -1, "name": name, "message": message}))
}

/// The row of the one recipient.
pub(super) fn row(status: &str, reject_reason: Option<&str>) -> Reply {
    rows(&json!([{
        "email": "ann@example.com", "status": status, "_id": "m1",
        "reject_reason": reject_reason, "queued_reason": null,
    }]))
}

/// Rows of any kind.
pub(super) fn rows(rows: &Value) -> Reply {
    Reply::json(200, rows)
}
