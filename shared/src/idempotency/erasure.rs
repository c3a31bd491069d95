//! Erased people: a mark in the table keeps events that are still on their way from making anew what
//! was erased.

use std::time::Duration;

use uuid::Uuid;

/// How long a mark is kept. A dead letter lives for 14 days, and once more for as long if it is
/// redriven on its last day.
pub const MARK_LASTS: Duration = Duration::from_hours(30 * 24);

/// The record that says that this person was erased. It holds the id of the identity and nothing else.
pub fn erased_mark(identity: Uuid) -> String {
    format!("erased#{}", identity.hyphenated())
}
