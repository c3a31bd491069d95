//! The events that Mandrill sends.

use serde_json::{Value, json};

use crate::mailchimp_inbound::people::ANN;

/// When the first of them happened, as events and as templates have it.
pub(super) const FIRST: i64 = 1_769_858_377;
pub(super) const FIRST_RFC3339: &str = "2026-01-31T11:19:37Z";

/// The key of a mail of ours.
pub(super) const ORY_KEY: &str = "0123456789abcdef0123456789abcdef";

/// What happened to a mail of ours to Ann, so many seconds after the first.
pub(crate) fn event(kind: &str, second: i64) -> Value {
    let state = match kind {
        "hard_bounce" => "bounced",
        "soft_bounce" => "soft-bounced",
        "reject" => "rejected",
        _ => "sent",
    };
    let mut event = json!({
        "event": kind, "_id": "6f2a1d0c9b8e7f6a5b4c3d2e1f0a9b8c", "ts": FIRST + second,
        "msg": {
            "ts": FIRST, "_id": "6f2a1d0c9b8e7f6a5b4c3d2e1f0a9b8c", "state": state,
            "email": "ann@example.com", "subject": "a-subject", "sender": "a-sender@example.com",
            "tags": ["a-tag"], "opens": [], "clicks": [], "template": null, "subaccount": null,
            "metadata": {"ory_key": ORY_KEY, "ory_identity": ANN, "campaign": "a-campaign"},
        },
    });
    match kind {
        "hard_bounce" | "soft_bounce" => {
            event["msg"]["bounce_description"] = json!("bad_mailbox");
            event["msg"]["bgtools_code"] = json!(10);
            event["msg"]["diag"] = json!("smtp;550 5.1.1 a-diag");
        }
        "reject" => {
            event["msg"]["reject"] = json!({"reason": "hard-bounce", "last_event_at": null});
        }
        _ => {}
    }
    event
}

/// The same about a mail to another address.
pub(crate) fn to(address: &str, mut event: Value) -> Value {
    event["msg"]["email"] = json!(address);
    event
}

/// The same with other metadata.
pub(super) fn with_metadata(metadata: Value, mut event: Value) -> Value {
    event["msg"]["metadata"] = metadata;
    event
}

/// The same about a mail of ours to somebody else.
pub(crate) fn of_person(id: &str, address: &str, event: Value) -> Value {
    with_metadata(json!({"ory_key": ORY_KEY, "ory_identity": id}), to(address, event))
}

/// A mail that somebody else sent through the account, to Ann.
pub(super) fn of_others(event: Value) -> Value {
    with_metadata(json!([]), event)
}

/// A mail was rejected for this reason.
pub(super) fn rejected(reason: &str, second: i64) -> Value {
    let mut event = event("reject", second);
    event["msg"]["reject"]["reason"] = json!(reason);
    event
}
