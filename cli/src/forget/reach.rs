//! What the command cannot reach, and who does what about it.

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    records::marked_until,
    rows::{self, Row},
    stack::Stack,
};

/// All of them, for an identity of this stack.
pub(super) fn of(stack: &Stack, identity: Uuid, keeps_identity: bool) -> Vec<Row> {
    let is_on = |function| stack.function(function).is_some();
    let mut all = Vec::new();
    let mut add = |place, text: &str| all.push(Row::new(place, text));
    if keeps_identity {
        let until = marked_until(OffsetDateTime::now_utc()).date();
        add(
            "Ory",
            &format!("may still have the identity. After {until} its events are delivered again"),
        );
    }
    if !stack.tables().is_empty() {
        add(
            "records",
            "those of single events hold no personal data, and expire. Those of an address without an \
             identity hold a salted digest of it. Neither can be found by the identity",
        );
        add(
            "backups",
            "the point-in-time backups of the table keep deleted records for up to 35 days",
        );
    }
    add("logs", "hold identity ids, and no address or name, until they expire (LogRetentionDays)");
    let to_segment = [segment_identify::NAME, mailchimp_inbound::NAME, mandrill_inbound::NAME];
    if to_segment.into_iter().any(is_on) {
        add(
            "Segment",
            &format!(
                "create a deletion regulation, SUPPRESS_WITH_DELETE, for the user id {identity}: \
                 https://www.twilio.com/docs/segment/privacy/user-deletion-and-suppression"
            ),
        );
    }
    if is_on(mandrill_welcome::NAME) || is_on(mandrill_inbound::NAME) {
        add(
            "Mandrill",
            "keeps the mail in its log for as long as your plan says, and possibly the address in its \
             rejects list (rejects/delete)",
        );
    }
    if is_on(mailchimp_subscribe::NAME) || is_on(mailchimp_inbound::NAME) {
        add(
            "Mailchimp",
            "a contact that these functions did not write is found by its address only: search for it \
             in the audience. An archived contact keeps its data",
        );
    }
    all
}

/// For people.
pub(super) fn to_text(all: &[Row]) -> String {
    format!("Out of reach of this command:\n{}", rows::of(all))
}

/// For programs.
pub(super) fn to_json(all: &[Row]) -> Value {
    all.iter().map(|Row { part, text }| json!({"place": part, "what": text})).collect()
}
