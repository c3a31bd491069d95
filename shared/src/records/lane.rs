//! Lanes: a subject whose events must come out as if they had been applied in their order. Whoever
//! is in the lane is alone; what was applied last is written at its end.

use time::OffsetDateTime;

use super::Bid;

/// The last event that was applied in a lane.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Applied {
    /// When it happened.
    pub at: OffsetDateTime,
    /// The event's own key.
    pub key: String,
    /// Its type.
    pub kind: String,
    /// Whether it, or one of the same second, withdrew consent.
    pub withdrew: bool,
    /// Whether all was done that it asked for; if not, it comes again.
    pub finished: bool,
}

/// The answer to a bid for a lane.
#[derive(Clone, Debug)]
pub enum Entry {
    /// The lane is ours.
    Entered(InLane),
    /// Another is in it, until then at the latest.
    Busy {
        /// When its lease ends.
        until: OffsetDateTime,
    },
}

/// A lane that was entered.
#[derive(Clone, Debug)]
pub struct InLane {
    /// What was asked for.
    pub bid: Bid,
    /// What was applied last.
    pub last: Option<Applied>,
}
